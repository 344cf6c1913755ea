"""The raw latencies of a test, or the reason why they cannot be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import TestResult
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.samples import counted_latencies_ms_of, latencies_ms_of

if TYPE_CHECKING:
    from ipfs_accel_pipeline.dashboard.screens.screen import Desk

Rounds = list[tuple[float, ...]]


def raw_latencies_ms(desk: Desk, test_id: str, counted: bool = False) -> tuple[Rounds, str | None]:
    """One tuple per round, or per `counted` round, of which the numbers of the test are; empty with the reason where
    the shard is not on this machine.
    """
    found: list[TestResult] = read_rows(desk.connection, "test_results", {"id": test_id})
    if not found:
        return [], f"There is no test {test_id} in this snapshot."
    try:
        rounds = (counted_latencies_ms_of if counted else latencies_ms_of)(desk.shards, found[0])
    except StorageError as error:
        return [], str(error)
    return rounds, None if rounds else "This test has no timed iterations."
