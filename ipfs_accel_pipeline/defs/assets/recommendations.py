"""The table recommendations: which hardware for each model, and why not the others."""

from datetime import UTC, datetime

import dagster as dg

from ipfs_accel_pipeline.defs.assets.hardware_compatibility import hardware_compatibility
from ipfs_accel_pipeline.defs.metadata import markdown_table
from ipfs_accel_pipeline.pipeline.recommending import current_recommendations, recommended_pairs
from ipfs_accel_pipeline.records import Recommendation
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.derived import record_recommended


@dg.asset(group_name="history", kinds={"duckdb"}, owners=["team:benchmarks"], deps=[hardware_compatibility])
def recommendations(context: dg.AssetExecutionContext) -> list[Recommendation]:
    """Candidates of each model, ordered by the chance of being best; also fills hardware_compatibility.recommended."""
    with open_database(load_settings().database) as connection:
        rows = current_recommendations(connection, datetime.now(UTC))
        record_recommended(connection, recommended_pairs(rows))
    leading = [row for row in rows if row.place == 1]
    context.add_output_metadata(
        {
            "decided": len(leading),
            "recommendations": markdown_table(
                ["model", "case", "prefer", "hardware", "endpoint", "verdict", "P(best)", "why"],
                [
                    (
                        row.model_id,
                        f"{row.precision} b{row.batch_size}",
                        row.prefer,
                        row.hardware_id,
                        row.endpoint_type,
                        row.verdict,
                        row.probability_best,
                        row.reason,
                    )
                    for row in leading
                ],
            ),
        }
    )
    return rows
