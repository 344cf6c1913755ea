"""The raw latencies behind a row: read from the shard that the row came from, since the tables hold only statistics."""

from __future__ import annotations

from pathlib import Path

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.records import Case, Observation, TestResult, rounds_that_count
from ipfs_accel_pipeline.storage.shards import ShardStore

_CASE_FIELDS = tuple(Case.__dataclass_fields__)


def observations_of(shards: Path, test: TestResult) -> list[Observation]:
    """The rounds of this test, in their order.

    StorageError where they are not on this machine: the row was imported, or its shard lies elsewhere or is damaged.
    """
    store = ShardStore(shards)
    found = [one for one in store.shards(test.hardware_id) if test.shard_id and test.shard_id.startswith(one.digest)]
    if not found:
        raise StorageError(
            f"The raw samples of test {test.id} are not in {shards}: "
            + (f"its shard {test.shard_id[:12]} lies elsewhere." if test.shard_id else "it has no shard.")
        )
    case = Case(**{name: getattr(test, name) for name in _CASE_FIELDS})
    rounds = [one for one in store.read(found[0]).observations if one.case == case]
    return sorted(rounds, key=lambda one: one.round_index)


def latencies_ms_of(shards: Path, test: TestResult) -> list[tuple[float, ...]]:
    """Timed latencies, one tuple per round that has any, slow phases of the host included."""
    return [one.latencies_ms for one in observations_of(shards, test) if one.latencies_ms]


def counted_latencies_ms_of(shards: Path, test: TestResult) -> list[tuple[float, ...]]:
    """The same of the rounds that the row was made from: without slow phases, if there is any round without."""
    return [one.latencies_ms for one in rounds_that_count(observations_of(shards, test)) if one.latencies_ms]
