"""What the assets are given, and how steps run."""

import dagster as dg

from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.io_managers import PipelineDuckDBIOManager


@dg.io_manager
def tables(context: dg.InitResourceContext) -> dg.IOManager:
    """The IO manager of the tables, without settings: the launchpad must not be able to name another file."""
    return PipelineDuckDBIOManager().create_io_manager(context)


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"io_manager": tables, "benchmark": BenchmarkConfig()},
        executor=dg.in_process_executor,
    )
