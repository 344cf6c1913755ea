"""Raw samples behind a row. Every number here is invented (fakes)."""

import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.samples import counted_latencies_ms_of, latencies_ms_of, observations_of
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests import fakes


@pytest.fixture
def shard(tmp_path):
    observed = [
        fakes.observation(round_index=1, latencies_ms=(3.0, 4.0)),
        fakes.observation(batch_size=2, latencies_ms=(9.0,), is_slow_phase=True),
        fakes.observation(round_index=0, latencies_ms=(1.0, 2.0)),
        fakes.observation(round_index=2, latencies_ms=(90.0, 90.0), is_slow_phase=True),
    ]
    with ShardStore(tmp_path).journal(fakes.HARDWARE_ID, fakes.RUN_ID, {}) as journal:
        for one in observed:
            journal.append(one)
        return journal.seal()


def row(shard, **changes):
    case = fakes.case(**changes)
    return fakes.test_row(
        shard_id=shard.shard_id,
        **{name: getattr(case, name) for name in ("endpoint_type", "precision", "batch_size", "sequence_length")},
    )


def test_the_rounds_of_one_case_come_in_order_and_those_of_others_do_not(shard, tmp_path):
    assert latencies_ms_of(tmp_path, row(shard)) == [(1.0, 2.0), (3.0, 4.0), (90.0, 90.0)]
    assert [one.round_index for one in observations_of(tmp_path, row(shard))] == [0, 1, 2]
    assert latencies_ms_of(tmp_path, row(shard, batch_size=2)) == [(9.0,)]


def test_a_slow_round_counts_only_where_there_is_no_other(shard, tmp_path):
    assert counted_latencies_ms_of(tmp_path, row(shard)) == [(1.0, 2.0), (3.0, 4.0)]
    assert counted_latencies_ms_of(tmp_path, row(shard, batch_size=2)) == [(9.0,)]


def test_a_row_whose_shard_is_elsewhere_says_so(shard, tmp_path):
    with pytest.raises(StorageError, match="lies elsewhere"):
        latencies_ms_of(tmp_path / "other", row(shard))
    with pytest.raises(StorageError, match="has no shard"):
        latencies_ms_of(tmp_path, fakes.test_row(shard_id=None))
