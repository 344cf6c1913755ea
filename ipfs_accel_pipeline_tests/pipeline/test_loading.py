"""Shards into tables, on a real database. Every number here is invented (fakes)."""

import gzip
from dataclasses import asdict
from datetime import timedelta

from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.loading import load_pending, pending_rows, pending_shards, register_parents
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID, failed_observation, hardware_row, observation

SPEC = ModelSpec(MODEL_ID, "bert", "text_encoder", "text", "catalogue", parameters=4_000_000)


def seal(settings, run_id, *observations, hardware_id=HARDWARE_ID):
    platform = hardware_row(hardware_id=hardware_id)
    header = {
        "hardware": {**asdict(platform), "detected_at": platform.detected_at.isoformat()},
        "models": [SPEC.to_json()],
        "model_versions": {MODEL_ID: "version-1"},
    }
    with ShardStore(settings.shards).journal(hardware_id, run_id, header) as journal:
        for one in observations:
            journal.append(one)
        return journal.seal()


def stored(settings, query):
    with open_database(settings.database) as connection:
        return connection.execute(query).fetchall()


def test_a_shard_of_another_host_brings_its_own_parents(settings):
    seal(settings, "run-1", observation())
    counts = load_pending(settings, [HARDWARE_ID])
    assert {table: count.added for table, count in counts.items()} == {
        "test_results": 1,
        "performance_results": 1,
        "power_metrics": 1,
        "hardware_compatibility": 1,
    }
    assert stored(settings, "SELECT hardware_id FROM hardware_platforms") == [(HARDWARE_ID,)]
    assert stored(settings, "SELECT model_id, parameters_million FROM models") == [(MODEL_ID, 4.0)]


def test_every_shard_that_is_not_loaded_yet_is_loaded_and_none_twice(settings):
    seal(settings, "run-1", observation())
    seal(settings, "run-2", observation(batch_size=2))
    load_pending(settings, [HARDWARE_ID])
    seal(settings, "run-3", observation(), failed_observation(batch_size=4))
    again = load_pending(settings, [HARDWARE_ID])
    assert again["test_results"].added == 2
    assert stored(settings, "SELECT run_id, count(*) FROM test_results GROUP BY 1 ORDER BY 1") == [
        ("run-1", 1),
        ("run-2", 1),
        ("run-3", 2),
    ]
    assert load_pending(settings, [HARDWARE_ID])["test_results"].rows == 0


def test_a_load_that_stopped_between_the_tables_is_completed(settings):
    seal(settings, "run-1", observation())
    load_pending(settings, [HARDWARE_ID])
    with open_database(settings.database) as connection:
        connection.execute("DELETE FROM power_metrics")
        connection.execute("DELETE FROM performance_results")
    load_pending(settings, [HARDWARE_ID])
    assert stored(
        settings, "SELECT (SELECT count(*) FROM performance_results), (SELECT count(*) FROM power_metrics)"
    ) == [(1, 1)]


def test_the_tables_can_be_made_again_from_the_shards(settings):
    seal(settings, "run-1", observation(), failed_observation(batch_size=4))
    load_pending(settings, [HARDWARE_ID])
    query = "SELECT * FROM test_results ORDER BY id"
    before = stored(settings, query)
    settings.database.unlink()
    load_pending(settings, [HARDWARE_ID])
    assert stored(settings, query) == before


def test_a_damaged_shard_is_reported_and_keeps_no_other_out(settings):
    damaged = seal(settings, "run-1", observation())
    damaged.path.write_bytes(gzip.compress(b"not what was sealed"))
    seal(settings, "run-2", observation())
    problems = []
    load_pending(settings, [HARDWARE_ID], problems.append)
    assert stored(settings, "SELECT run_id FROM test_results") == [("run-2",)]
    assert problems
    assert all(str(damaged.path) in problem for problem in problems)


def test_a_shard_with_a_row_that_is_refused_is_reported_and_keeps_no_other_out(settings):
    refused = seal(settings, "run-1", observation(batch_size=0))
    seal(settings, "run-2", observation())
    problems = []
    load_pending(settings, [HARDWARE_ID], problems.append)
    assert stored(settings, "SELECT run_id FROM test_results") == [("run-2",)]
    assert [str(refused.path) in problem and "batch_size" in problem for problem in problems] == [True]
    assert acceptable(settings, "test_results") == ([], problems)


def test_what_one_write_of_all_shards_would_refuse_is_left_out_of_it(settings):
    seal(settings, "run-1", observation(batch_size=0))
    seal(settings, "run-2", observation())
    with open_database(settings.database) as connection:
        shards = pending_shards(connection, settings, "test_results", HARDWARE_ID, print)
        register_parents(connection, shards)
    rows, problems = acceptable(settings, "test_results")
    assert [row.run_id for row in rows] == ["run-2"]
    assert len(problems) == 1


def acceptable(settings, table):
    """The rows for one write of all pending shards, and what is told of the others."""
    problems = []
    with open_database(settings.database) as connection:
        return pending_rows(connection, settings, table, HARDWARE_ID, problems.append), problems


def test_a_failure_has_its_reason_and_no_performance(settings):
    seal(settings, "run-1", failed_observation(status=Status.CRASHED, error_message="killed by signal 9 (SIGKILL)"))
    load_pending(settings, [HARDWARE_ID])
    assert stored(settings, "SELECT status, error_message FROM test_results") == [
        ("crashed", "killed by signal 9 (SIGKILL)")
    ]
    assert stored(settings, "SELECT count(*) FROM performance_results") == [(0,)]
    assert stored(settings, "SELECT compatibility_status, reason FROM hardware_compatibility") == [
        ("incompatible", "1 of 1 cases failed; pytorch: crashed: killed by signal 9 (SIGKILL)")
    ]


def test_the_largest_batch_that_passed_becomes_the_platforms_own(settings):
    seal(settings, "run-1", observation(batch_size=8), failed_observation(batch_size=64))
    load_pending(settings, [HARDWARE_ID])
    assert stored(settings, "SELECT max_batch_size FROM hardware_platforms") == [(8,)]


def test_compatibility_follows_the_latest_test_of_each_case(settings):
    earlier = observation()
    later = failed_observation(started_at=earlier.started_at + timedelta(days=1))
    seal(settings, "run-1", earlier)
    seal(settings, "run-2", later)
    load_pending(settings, [HARDWARE_ID])
    assert stored(settings, "SELECT compatibility_status FROM hardware_compatibility") == [("incompatible",)]


def test_a_skipped_test_takes_back_no_compatibility(settings):
    passed = observation()
    seal(settings, "run-1", passed)
    load_pending(settings, [HARDWARE_ID])
    later = passed.started_at + timedelta(minutes=10)
    seal(settings, "run-2", failed_observation(status=Status.SKIPPED, started_at=later))
    load_pending(settings, [HARDWARE_ID])
    assert stored(settings, "SELECT compatibility_status FROM hardware_compatibility") == [("compatible",)]
