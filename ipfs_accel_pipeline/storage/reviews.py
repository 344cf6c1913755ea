"""The columns of performance_changes that a person or a notifier writes, and no analysis overwrites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from ipfs_accel_pipeline.storage.failures import as_storage_errors


def review_change(
    connection: duckdb.DuckDBPyConnection, change_id: str, status: str, note: str | None, reviewed_at: datetime
) -> None:
    """An earlier note stays where none is given now."""
    update = """
        UPDATE performance_changes SET status = $status, note = coalesce($note, note), reviewed_at = $reviewed_at
        WHERE id = $id"""
    values = {"id": change_id, "status": status, "note": note, "reviewed_at": reviewed_at}
    with as_storage_errors("Cannot store the review"):
        connection.execute(update, values)


def mark_notified(connection: duckdb.DuckDBPyConnection, change_ids: Sequence[str], notified_at: datetime) -> None:
    update = "UPDATE performance_changes SET notified_at = $at WHERE list_contains($ids, id)"
    with as_storage_errors("Cannot store that changes were notified"):
        connection.execute(update, {"ids": list(change_ids), "at": notified_at})
