"""The one step that touches hardware. Its output is a shard file, never a table."""

from collections import Counter
from collections.abc import Callable

import dagster as dg

from ipfs_accel_pipeline.defs.assets.model_bundles import model_bundles
from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.detection import detect_apart
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.partitions import hardware_partitions
from ipfs_accel_pipeline.defs.runs import root_run_id
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.hub_measuring import is_on_hub
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.pipeline.progress import describe
from ipfs_accel_pipeline.qualcomm.access import HubAccess
from ipfs_accel_pipeline.records import HardwarePlatform, Observation, Status
from ipfs_accel_pipeline.settings import load_settings


@dg.asset(
    group_name="benchmarks",
    kinds={"python", "file"},
    owners=["team:benchmarks"],
    partitions_def=hardware_partitions,
    deps=[model_bundles],
)
def measurements(
    context: dg.AssetExecutionContext,
    benchmark: BenchmarkConfig,
    aihub: dg.ResourceParam[Callable[[], HubAccess]],
    hardware_platforms: list[HardwarePlatform],
) -> dg.MaterializeResult:
    """Every chosen model on this hardware, each round in its own process; kept as one shard of raw observations."""
    if not context.has_partition_key:
        raise dg.Failure(
            "No device was chosen. Launch again with a partition: in the launchpad it stands above the configuration.",
            allow_retries=False,
        )
    platform = _platform(hardware_platforms, context.partition_key)
    if not is_on_hub(platform):  # of a hub's device the hub says whether it is there, as a result
        _require_present(context.partition_key)
    taken: list[Observation] = []

    def observed(observation: Observation) -> None:
        context.log.info(describe(observation))
        taken.append(observation)

    try:
        shard = measure_platform(
            platform,
            benchmark.specs(),
            benchmark.run_config(),
            load_settings(),
            root_run_id(context),
            on_observation=observed,
            on_wait=context.log.warning,
            hub_access=aihub,
        )
    except UsageError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if not taken:
        context.log.warning(
            f"The run {shard.header.run_id} had measured all of this before, and nothing was measured again. "
            "Launch a new run to measure anew."
        )
    rounds = Counter(f"rounds/{observation.status}" for observation in shard.observations)
    return dg.MaterializeResult(
        metadata={
            **rounds,
            "shard": dg.MetadataValue.path(shard.path),
            "shard_id": shard.shard_id,
            "observations": len(shard.observations),
            "taken_now": len(taken),  # the others are of an earlier attempt of this run
            "not passed": markdown_table(
                ["model", "endpoint", "status", "reason"],
                [
                    (o.case.model_id, o.case.endpoint_type, o.status, o.error_message)
                    for o in shard.observations
                    if o.status is not Status.PASSED
                ],
            ),
        }
    )


def _platform(platforms: list[HardwarePlatform], hardware_id: str) -> HardwarePlatform:
    found = next((platform for platform in platforms if platform.hardware_id == hardware_id), None)
    if found is None:
        raise dg.Failure(
            f"The database does not know {hardware_id}. Materialize hardware_platforms on the machine that has it.",
            allow_retries=False,
        )
    if not found.available:
        raise dg.Failure(f"{hardware_id} is not available: {found.unavailable_reason}", allow_retries=False)
    return found


def _require_present(hardware_id: str) -> None:
    """The row may be of another machine, or of a device that was unplugged: then this host would be measured as it."""
    here = [one.hardware_id for one in detect_apart() if one.available]
    if hardware_id not in here:
        raise dg.Failure(
            f"{hardware_id} is not in this machine, which has {', '.join(here)}. Run the partition where the device "
            "is, or delete the partition.",
            allow_retries=False,
        )
