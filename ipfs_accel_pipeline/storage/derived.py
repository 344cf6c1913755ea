"""Columns of dimension tables that follow from what was tested."""

from __future__ import annotations

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
        return connection.execute(update, {"hardware_id": None}).fetchall()[0][0]
