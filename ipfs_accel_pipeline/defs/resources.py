"""What the assets are given, and how steps run."""

import dagster as dg

from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.io_managers import PipelineDuckDBIOManager


@dg.definitions
def resources() -> dg.Definitions:
    return dg.Definitions(
        resources={"io_manager": PipelineDuckDBIOManager(), "benchmark": BenchmarkConfig()},
        executor=dg.in_process_executor,
    )
