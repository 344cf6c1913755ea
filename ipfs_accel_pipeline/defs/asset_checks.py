"""What must hold of the stored tables. Each check is one query that finds the rows which break it."""

import dagster as dg

from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import run_query

# asset -> check -> what it means; the query is `check_<name>`.
_CHECKS = {
    "test_results": {
        "orphan_result": "every result belongs to a known model and hardware",
        "unproven_pass": "every measured pass has its parity and its actual device recorded",
        "unknown_model_version": "every model version that was measured is known",
        "future_result": "no result is of a time that is still to come, and so the newest of its case for long",
    },
    "performance_results": {
        "impossible_latency": "latencies are positive and percentiles are ordered",
        "inconsistent_throughput": "throughput equals batch size over average latency",
        "unmeasured_performance": "no emulated test has a performance row",
    },
    "power_metrics": {"unexplained_power_gap": "power that is unknown says why"},
}


def _check(asset: str, name: str, meaning: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset, name=name, description=f"Holds when {meaning}.")
    def check() -> dg.AssetCheckResult:
        with open_database(load_settings().database) as connection:
            offenders = run_query(connection, f"check_{name}")
        return dg.AssetCheckResult(
            passed=offenders.empty,
            metadata={"offending_rows": len(offenders), "first": dg.MetadataValue.md(_first(offenders))},
        )

    return check


def _first(offenders: object) -> str:
    import pandas as pd

    assert isinstance(offenders, pd.DataFrame)
    return "none" if offenders.empty else "\n".join(f"- {row}" for row in offenders.head(10).to_dict("records"))


@dg.definitions
def asset_checks() -> dg.Definitions:
    return dg.Definitions(
        asset_checks=[_check(asset, name, says) for asset, checks in _CHECKS.items() for name, says in checks.items()]
    )
