"""Prepared models on disk, for every runtime that will be measured."""

import dagster as dg

from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.defs.assets.models import models
from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.defs.runs import export_pool
from ipfs_accel_pipeline.pipeline.preparation import needed_artefacts, prepare_bundles
from ipfs_accel_pipeline.pipeline.progress import describe_prepared
from ipfs_accel_pipeline.records import HardwarePlatform
from ipfs_accel_pipeline.settings import load_settings


@dg.asset(
    group_name="models",
    kinds={"torch", "onnx", "openvino"},
    owners=["team:benchmarks"],
    deps=[models],
    # A step that waits for its turn is shown as such; the measuring step has none, since a hub's polling would hold it.
    pool=export_pool(),
)
def model_bundles(
    context: dg.AssetExecutionContext, benchmark: BenchmarkConfig, hardware_platforms: list[HardwarePlatform]
) -> dg.MaterializeResult:
    """Weights, exports, inputs and the fp32 reference of each chosen model: made once per version, then reused."""
    settings, config, specs = load_settings(), benchmark.run_config(), benchmark.specs()
    available = [platform for platform in hardware_platforms if platform.available]
    artefacts = needed_artefacts(available, config)
    prepared = []
    with exclusive_host(context.log.warning):  # exports take every core, and another run may be measuring
        for one in prepare_bundles(specs, artefacts, config, settings.bundles):
            context.log.info(describe_prepared(one))
            prepared.append(one)
    return dg.MaterializeResult(
        metadata={
            "made": sum(one.made_now for one in prepared),
            "reused": sum(not one.made_now for one in prepared),
            "failed": sum(not one.outcome.ok for one in prepared),
            "artefacts": markdown_table(
                ["model", "artefact", "outcome", "export path", "seconds", "why not"],
                [
                    (p.model_id, o.artefact, o.status, o.exporter, o.seconds, o.error)
                    for p in prepared
                    for o in [p.outcome]
                ],
            ),
        }
    )
