"""Columns of dimension tables that follow from what was tested."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.queries import query_text


def record_largest_batches(connection: duckdb.DuckDBPyConnection) -> int:
    """Sets max_batch_size to the largest batch that ever passed; returns how many platforms changed."""
    update = f"""
        UPDATE hardware_platforms SET max_batch_size = found.max_batch_size
        FROM ({query_text("largest_passed_batches")}) AS found
        WHERE hardware_platforms.hardware_id = found.hardware_id
            AND hardware_platforms.max_batch_size IS DISTINCT FROM found.max_batch_size"""
    with as_storage_errors("Cannot record the largest batches"):
        return connection.execute(update).fetchall()[0][0]


def record_recommended(connection: duckdb.DuckDBPyConnection, pairs: Mapping[tuple[str, str], bool]) -> int:
    """Sets hardware_compatibility.recommended of these (model, hardware) pairs, NULL for all others."""
    update = """
        UPDATE hardware_compatibility SET recommended = found.recommended
        FROM (
            SELECT id, list_extract($recommended::BOOLEAN[], list_position($pairs::VARCHAR[], pair)) AS recommended
            FROM (SELECT id, model_id || chr(31) || hardware_id AS pair FROM hardware_compatibility)
        ) AS found
        WHERE hardware_compatibility.id = found.id
            AND hardware_compatibility.recommended IS DISTINCT FROM found.recommended"""
    values = {"pairs": ["\x1f".join(pair) for pair in pairs], "recommended": list(pairs.values())}
    with as_storage_errors("Cannot record what is recommended"):
        return connection.execute(update, values).fetchall()[0][0]
