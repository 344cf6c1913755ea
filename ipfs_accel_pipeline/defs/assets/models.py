"""The table models."""

from collections import Counter
from datetime import UTC, datetime

import dagster as dg

from ipfs_accel_pipeline.defs.benchmark_config import BenchmarkConfig
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.models.catalogue import load_catalogue, model_row
from ipfs_accel_pipeline.records import Model
from ipfs_accel_pipeline.settings import load_settings


@dg.asset(group_name="models", kinds={"python", "duckdb"}, owners=["team:benchmarks"])
def models(context: dg.AssetExecutionContext, benchmark: BenchmarkConfig) -> list[Model]:
    """The catalogue, and the chosen models that are not in it."""
    chosen = benchmark.specs()
    known = load_catalogue(load_settings().user_catalogue)
    specs = {spec.model_id: spec for spec in [*known.values(), *chosen]}
    types = Counter(spec.model_type for spec in specs.values())
    context.add_output_metadata(
        {"chosen": markdown_table(["model", "type", "task"], [(s.model_id, s.model_type, s.task) for s in chosen])}
        | {f"models/{kind}": count for kind, count in sorted(types.items())}
    )
    added_at = datetime.now(UTC)
    return [model_row(spec, added_at) for spec in specs.values()]
