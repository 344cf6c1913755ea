"""A history of nights, loaded from shards into a real database, analysed and judged. Every number is invented."""

import shutil
from datetime import timedelta

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.versions import version_id
from ipfs_accel_pipeline.pipeline.changes import chosen_sensitivity, explained, is_open, refresh_changes, set_status
from ipfs_accel_pipeline.pipeline.history import refresh_history
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.pipeline.recommending import evidence, refresh_recommendations
from ipfs_accel_pipeline.records import Generation
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.queries import run_query
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID, NOON, change_row, failed_observation, hardware_row
from ipfs_accel_pipeline_tests.pipeline.nights import load_nights, night, seal

OTHER = "openvino-cpu-fake-9000"
SLOW_FROM = 10


@pytest.fixture(scope="module")
def slowed_template(tmp_path_factory):
    """Ten nights with two threads, five slower ones with one and another runtime. Loaded once, then copied."""
    folder = tmp_path_factory.mktemp("slowed")
    later = {"environment": {"threads": 1, "load_average_1m": 3.0}, "backend_version": "2.11.0"}
    nights = [10.0] * SLOW_FROM + [14.0] * 5
    load_nights(Settings(data=folder, database=folder / "benchmark.duckdb"), nights, later, SLOW_FROM)
    return folder


@pytest.fixture
def slowed(settings, slowed_template):
    shutil.copytree(slowed_template, settings.data, dirs_exist_ok=True)
    return settings


def changes(settings, **where):
    with open_database(settings.database) as connection:
        rows = refresh_changes(connection)
    return [row for row in rows if all(getattr(row, name) == value for name, value in where.items())]


@pytest.mark.parametrize(
    "change", [{"kind": "improvement"}, {"status": "expected"}, {"still_found": False}, {"recovered_at": NOON}]
)
def test_only_a_regression_that_is_still_there_and_unanswered_is_open(change):
    assert is_open(change_row())
    assert not is_open(change_row(**change))


def test_a_regression_is_found_explained_and_stored(slowed):
    (latency,) = changes(slowed, metric="p50_latency_ms")
    assert (latency.kind, latency.changed_at) == ("regression", NOON + timedelta(days=SLOW_FROM))
    assert latency.relative_change == pytest.approx(0.4, abs=0.03)
    assert explained(latency) == "backend_version: 2.10.0 → 2.11.0; threads: 2 → 1"
    (throughput,) = changes(slowed, metric="throughput_items_per_second")
    assert throughput.kind == "regression"
    with open_database(slowed.database) as connection:
        stored = read_rows(connection, "performance_changes")
    assert {row.metric for row in stored} >= {"p50_latency_ms", "throughput_items_per_second"}
    assert all(row.sequence_length == 128 for row in stored)


def test_a_person_answers_and_the_answer_outlives_the_next_analysis(slowed):
    (latency,) = changes(slowed, metric="p50_latency_ms")
    assert is_open(latency)
    set_status(slowed.database, latency.id[:8], "expected", "one thread is what production has")
    seal(slowed, "night-900", night(15, 14.0, environment={"threads": 1}))
    load_pending(slowed, [HARDWARE_ID])
    changes(slowed)
    with open_database(slowed.database) as connection:
        (again,) = read_rows(connection, "performance_changes", {"id": latency.id})
    assert (again.status, again.note) == ("expected", "one thread is what production has")
    assert again.points_after == 6
    assert not is_open(again)


@pytest.mark.parametrize(
    ("change_id", "status", "says"), [("zzz", "fixed", "No change has"), ("", "mended", "no status")]
)
def test_an_answer_to_nothing_is_refused(slowed, change_id, status, says):
    changes(slowed)
    with pytest.raises(UsageError, match=says):
        set_status(slowed.database, change_id, status, None)


def test_a_test_that_no_longer_passes_is_a_regression_with_what_changed(settings):
    load_nights(settings, [10.0] * 3, {}, 99)
    broken = failed_observation(started_at=NOON + timedelta(days=3), backend_version="2.12.0")
    seal(settings, "night-003", broken)
    load_pending(settings, [HARDWARE_ID])
    (row,) = changes(settings)
    assert (row.metric, row.kind) == ("success", "regression")
    assert explained(row) == "backend_version: 2.10.0 → 2.12.0"


def test_a_driver_that_was_renewed_explains_a_change(settings):
    for day in range(12):
        platform = hardware_row(driver_version="550" if day < 7 else "560")
        seal(settings, f"night-{day:03}", night(day, 10.0 if day < 7 else 12.0), platform=platform)
    load_pending(settings, [HARDWARE_ID])
    (row,) = changes(settings, metric="p50_latency_ms")
    assert explained(row) == "driver_version: 550 → 560"


def night_of(settings, version, day, level_ms):
    """Of a model whose weights come from a folder: `version` is the name of what lay there that night."""
    described = {
        "source": "folder",
        "repository": "my-bert",
        "revision": f"sha256:{version}",
        "weights": "pretrained",
        "weights_digest": version,
        "precision": "fp32",
        "config_digest": "same",
        "details": {},
    }
    header = {"model_versions": {MODEL_ID: f"version-{version}"}, "described_versions": {MODEL_ID: described}}
    seal(settings, f"night-{day:05.1f}-{version}", night(day, level_ms), **header)


def test_another_version_of_the_model_explains_a_change(settings):
    for day in range(12):
        night_of(settings, "one" if day < 7 else "two", day, 10.0 if day < 7 else 12.0)
    load_pending(settings, [HARDWARE_ID])
    (row,) = changes(settings, metric="p50_latency_ms")
    assert explained(row) == "model_revision: sha256:one → sha256:two; weights_digest: one → two"
    with open_database(settings.database) as connection:
        versions = read_rows(connection, "model_versions")
    assert [(one.model_version_id, one.first_seen_at) for one in versions] == [
        ("version-one", NOON),
        ("version-two", NOON + timedelta(days=7)),
    ]


def test_the_same_files_under_three_names_are_three_versions_and_the_newest_is_the_one_measured_last(settings):
    """A folder was measured, then registered, then registered again: its files are one bundle."""
    folder = {"source": "folder", "repository": "my-bert", "revision": "sha256:f"}
    registered = {"source": "mlflow", "repository": "my-bert", "revision": "1"}
    same = {"weights": "pretrained", "weights_digest": "w", "precision": "fp32", "config_digest": "c"}
    places = [folder, registered, registered | {"revision": "2"}]
    for day, place in enumerate(places):
        described = {**place, **same, "details": {"bundle": "one and the same"}}
        header = {"model_versions": {MODEL_ID: version_id(MODEL_ID, described)}}
        seal(settings, f"run-{day}", night(day, 10.0), described_versions={MODEL_ID: described}, **header)
    load_pending(settings, [HARDWARE_ID])
    with open_database(settings.database) as connection:
        versions = read_rows(connection, "model_versions")
        (newest,) = run_query(connection, "measured_revision").to_dict("records")
    assert {(one.source, one.revision) for one in versions} == {
        ("folder", "sha256:f"),
        ("mlflow", "1"),
        ("mlflow", "2"),
    }
    assert (newest["source"], newest["revision"]) == ("mlflow", "2")


def test_two_versions_measured_every_night_are_each_compared_with_themselves(settings):
    """Mixed, they would have no level at all: one takes twice as long as the other, which is no news."""
    for day in range(0, 32, 2):
        night_of(settings, "fast", day, 10.0)
        night_of(settings, "slow", day + 1, 20.0 if day < 20 else 26.0)
    load_pending(settings, [HARDWARE_ID])
    (row,) = changes(settings, metric="p50_latency_ms")
    assert (row.kind, row.changed_at) == ("regression", NOON + timedelta(days=21))
    assert row.relative_change == pytest.approx(0.3, abs=0.03)
    assert row.points_after == 6


def test_a_version_that_comes_to_stand_beside_another_is_compared_with_what_ran_before_it(settings):
    for day in range(8):
        night_of(settings, "old", day, 10.0)
    for day in range(8, 22, 2):
        night_of(settings, "old", day, 10.0)
        night_of(settings, "new", day + 1, 12.0)
    load_pending(settings, [HARDWARE_ID])
    (row,) = changes(settings, metric="p50_latency_ms")
    assert (row.changed_at, row.points_before, row.points_after) == (NOON + timedelta(days=9), 9, 7)
    assert explained(row) == "model_revision: sha256:old → sha256:new; weights_digest: old → new"
    set_status(settings.database, row.id, "expected", "it answers better")
    night_of(settings, "new", 30, 12.0)
    load_pending(settings, [HARDWARE_ID])
    (again,) = changes(settings, metric="p50_latency_ms")
    assert (again.id, again.status, again.points_after) == (row.id, "expected", 8)


def test_measurements_from_before_versions_were_described_point_at_a_version_too(slowed):
    with open_database(slowed.database) as connection:
        (version,) = read_rows(connection, "model_versions")
        tests = read_rows(connection, "test_results")
    assert (version.model_id, version.source, version.weights_digest) == (MODEL_ID, "catalogue", None)
    assert {test.model_version_id for test in tests} == {version.model_version_id}


def test_the_minimum_effect_is_a_setting(slowed, monkeypatch):
    monkeypatch.setenv("BENCHMARK_MINIMUM_EFFECT", "0.5")
    assert chosen_sensitivity().minimum_effect == 0.5
    assert chosen_sensitivity(0.1).minimum_effect == 0.1
    assert changes(slowed) == []
    monkeypatch.setenv("BENCHMARK_MINIMUM_EFFECT", "much")
    with pytest.raises(UsageError, match="no number"):
        chosen_sensitivity()


def test_the_faster_device_is_recommended_and_the_table_of_compatibility_says_so(settings):
    for day in range(4):
        seal(settings, f"a-{day}", night(day, 10.0))
        seal(settings, f"b-{day}", night(day, 20.0, hardware_id=OTHER, endpoint_type="openvino"))
    load_pending(settings, [HARDWARE_ID, OTHER])
    with open_database(settings.database) as connection:
        rows = refresh_recommendations(connection, NOON + timedelta(days=5))
        marked = {row.hardware_id: row.recommended for row in read_rows(connection, "hardware_compatibility")}
    latency = {row.hardware_id: row for row in rows if row.prefer == "latency"}
    assert (latency[HARDWARE_ID].verdict, latency[HARDWARE_ID].place) == ("recommended", 1)
    assert latency[HARDWARE_ID].evidence_runs == 4
    assert "next best: openvino-cpu-fake-9000 (openvino, 2 threads)" in latency[HARDWARE_ID].reason
    assert latency[OTHER].verdict == "dominated"
    assert marked == {HARDWARE_ID: True, OTHER: False}


@pytest.mark.parametrize(
    ("signs", "slowdown"),
    [
        ([(1.3, 1.9), (1.6, 1.2)], 1.6),
        ([(None, 1.9)], 1.9),
        ([(1.3, 1.9), (1.0, 1.0)], None),
    ],
)
def test_of_a_disturbed_test_the_sign_of_its_quietest_round_is_evidence(settings, signs, slowdown):
    rounds = [
        night(
            0,
            10.0,
            round_index=number,
            canary_slowdown=canary,
            contention_slowdown=contention,
            is_slow_phase=contention > 1.1,
        )
        for number, (canary, contention) in enumerate(signs)
    ]
    seal(settings, "a", *rounds)
    load_pending(settings, [HARDWARE_ID])
    with open_database(settings.database) as connection:
        assert [(run.is_disturbed, run.host_slowdown) for run in evidence(connection)] == [
            (slowdown is not None, slowdown)
        ]


def test_a_failed_device_is_ruled_out_with_its_reason(settings):
    seal(settings, "a", night(0, 10.0))
    seal(settings, "b", failed_observation(hardware_id=OTHER, endpoint_type="openvino"))
    load_pending(settings, [HARDWARE_ID, OTHER])
    with open_database(settings.database) as connection:
        rows = refresh_recommendations(connection, NOON)
        assert len(evidence(connection, [MODEL_ID])) == 2
        assert evidence(connection, ["another"]) == []
    (failed,) = [row for row in rows if row.hardware_id == OTHER and row.prefer == "latency"]
    assert (failed.verdict, failed.place) == ("ruled_out", None)
    assert failed.reason == "its newest test ended: error: RuntimeError: fake failure"


def test_a_crash_that_knows_no_weights_counts_against_each_version_of_the_model(settings):
    for day, version in enumerate(["one", "two"]):
        seal(settings, f"night-{day}", night(day, 10.0, weights_digest=version * 16))
    crash = {"weights_digest": None, "weights": None, "started_at": NOON + timedelta(days=2)}
    seal(settings, "night-2", failed_observation(**crash))
    load_pending(settings, [HARDWARE_ID])
    with open_database(settings.database) as connection:
        rows = [row for row in refresh_recommendations(connection, NOON) if row.prefer == "latency"]
    assert [(row.verdict, row.weights) for row in rows] == [("ruled_out", "random")] * 2
    assert {row.reason for row in rows} == {"its newest test ended: error: RuntimeError: fake failure"}


def test_an_empty_database_has_no_history_and_no_error(settings):
    refresh_history(settings)
    with open_database(settings.database) as connection:
        assert read_rows(connection, "performance_changes") == []
        assert read_rows(connection, "recommendations") == []


def writing(new_tokens, token_ms):
    texts = ((token_ms,) * (new_tokens - 1),) * 3
    return {"generation": Generation(new_tokens, (40.0,) * 3, texts, interval_target_met=True)}


def test_texts_of_another_length_are_no_change_of_the_tokens_per_second(settings):
    """A token takes longer the more there are before it, so longer texts are slower although nothing else changed."""
    for day in range(15):
        changes_of_night = writing(32, 10.0) if day < SLOW_FROM else writing(256, 15.0)
        seal(settings, f"night-{day:03}", night(day, 10.0, **changes_of_night))
    load_pending(settings, [HARDWARE_ID])
    assert changes(settings, metric="tokens_per_second") == []


def test_slower_tokens_of_equal_texts_are_a_regression(settings):
    for day in range(15):
        seal(settings, f"night-{day:03}", night(day, 10.0, **writing(32, 10.0 if day < SLOW_FROM else 15.0)))
    load_pending(settings, [HARDWARE_ID])
    (change,) = changes(settings, metric="tokens_per_second")
    assert change.kind == "regression"
    assert changes(settings, metric="p50_latency_ms") == []
