"""What the assets are given, and how steps run."""

from collections.abc import Callable

import dagster as dg

from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.io_managers import PipelineDuckDBIOManager
from ipfs_accel_pipeline.qualcomm.access import TOKEN_VARIABLE, HubAccess, load_access


@dg.io_manager
def tables(context: dg.InitResourceContext) -> dg.IOManager:
    """The IO manager of the tables, without settings: the launchpad must not be able to name another file."""
    return PipelineDuckDBIOManager().create_io_manager(context)


@dg.resource(
    config_schema={},
    description=f"Qualcomm AI Hub, with the token of {TOKEN_VARIABLE} or of `qai-hub configure`.",
)
def aihub(context: dg.InitResourceContext) -> Callable[[], HubAccess]:
    """How the hub is reached, asked for when a hub's device is measured: without a token all else must still run.

    Its settings are empty, not absent, so that others are refused: a launchpad that could name an address would send
    the token there, and one that took a token would store it.
    """
    token = dg.EnvVar(TOKEN_VARIABLE).get_value()
    return lambda: load_access(token=token)


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"io_manager": tables, "benchmark": BenchmarkConfig(), "aihub": aihub},
        executor=dg.in_process_executor,
    )
