"""From series to rows: kinds, explanations, statuses that survive. Every number is invented."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ipfs_accel_pipeline.analysis.change_points import Sensitivity
from ipfs_accel_pipeline.analysis.circumstances import differences
from ipfs_accel_pipeline.analysis.metrics import METRICS
from ipfs_accel_pipeline.analysis.performance_changes import (
    Series,
    adjusted_p_values,
    change_rows,
    effect_interval,
    find_changes,
)
from ipfs_accel_pipeline.storage.queries import query_text
from ipfs_accel_pipeline_tests.fakes import NOON, case

NOW = NOON + timedelta(days=365)


def series(values, metric="p50_latency_ms", begins=0, named="test"):
    times = [NOON + timedelta(days=day) for day in range(len(values))]
    tests = [f"test-{day}" if day < begins else f"{named}-{day}" for day in range(len(values))]
    return Series(case(), metric, tests, times, np.array(values, float), begins)


def around(level, points, seed=0):
    return list(level * np.exp(np.random.default_rng(seed).normal(0, 0.01, points)))


def rows(*several, stored=(), circumstances=None, comparisons=None):
    found = [change for one in several for change in find_changes(one, Sensitivity())]
    known = circumstances or {}
    return change_rows(found, comparisons or len(several), stored, lambda tests: known, NOW)


SLOWER = around(10, 12) + around(12, 6, seed=1)


def test_a_regression_says_when_from_what_to_what_and_how_certain():
    (row,) = rows(series(SLOWER))
    assert (row.kind, row.metric, row.status, row.still_found) == ("regression", "p50_latency_ms", "new", True)
    assert (row.test_id_before, row.test_id_after) == ("test-11", "test-12")
    assert (row.last_before_at, row.changed_at) == (NOON + timedelta(days=11), NOON + timedelta(days=12))
    assert (row.value_before, row.value_after) == pytest.approx((10, 12), rel=0.02)
    assert 0.15 < row.relative_change_low < row.relative_change < row.relative_change_high < 0.25
    assert row.confidence > 0.99
    assert (row.points_before, row.points_after) == (12, 6)


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("p50_latency_ms", "regression"),
        ("p99_latency_ms", "regression"),
        ("memory_peak_mb", "regression"),
        ("first_inference_ms", "regression"),
        ("throughput_items_per_second", "improvement"),
        ("tokens_per_second", "improvement"),
        ("energy_efficiency_items_per_joule", "improvement"),
    ],
)
def test_each_metric_has_its_own_direction(metric, kind):
    (row,) = rows(series(SLOWER, metric))
    assert row.kind == kind
    (row,) = rows(series([1000 / value for value in SLOWER], metric))
    assert row.kind == ("improvement" if kind == "regression" else "regression")


def test_every_metric_is_a_column_that_the_query_reads():
    for metric in METRICS:
        assert metric in query_text("history_point")


def test_a_lower_parity_is_a_regression_and_its_rounding_is_none():
    (row,) = rows(series([0.999999] * 8 + [0.99] * 4, "parity_cosine"))
    assert (row.kind, row.value_before, row.value_after) == ("regression", 0.999999, 0.99)
    assert rows(series([0.9999999] * 8 + [0.999998] * 4, "parity_cosine")) == []


def test_one_failing_test_after_passes_is_a_regression_at_once():
    (row,) = rows(series([1, 1, 1, 1, 0], "success"))
    assert (row.kind, row.value_before, row.value_after, row.confidence) == ("regression", 1, 0, 1)
    assert row.recovered_at is None


def test_a_regression_that_went_away_says_when():
    regression, improvement = sorted(rows(series([1, 1, 1, 0, 0, 1], "success")), key=lambda row: row.changed_at)
    assert (regression.kind, improvement.kind) == ("regression", "improvement")
    assert regression.recovered_at == improvement.changed_at
    slower_and_back = rows(series(SLOWER + around(10, 6, seed=2)))
    assert sorted((row.kind, row.recovered_at is not None) for row in slower_and_back) == [
        ("improvement", False),
        ("regression", True),
    ]


def test_a_better_level_before_a_regression_is_no_recovery_from_it():
    found = rows(series(around(14, 12) + around(10, 12, seed=1) + around(12, 8, seed=2)))
    assert [(row.kind, row.recovered_at) for row in found] == [("improvement", None), ("regression", None)]


def test_what_became_worse_still_did_not_recover_however_small_the_steps():
    rng = np.random.default_rng(0)
    steps = np.concatenate([level * (1 + rng.normal(0, 0.0015, 20)) for level in (10, 10.15, 10.27)])
    found = find_changes(series(steps), Sensitivity(minimum_effect=0.01))
    assert [(one.point.index, one.recovered_at) for one in found] == [(20, None), (40, None)]


def test_a_test_that_passes_and_fails_by_turns_is_unstable_and_no_flood_of_alarms():
    (row,) = rows(series([1, 0, 1, 0, 1, 1, 0, 1], "success"))
    assert (row.kind, row.value_before, row.confidence) == ("unstable", None, None)
    assert row.reason == "passes and fails by turns: 6 changes in 8 tests"


def test_among_very_many_series_a_doubtful_change_is_not_told():
    weak = around(10, 12) + around(10.4, 3, seed=4)
    (found,) = find_changes(series(weak), Sensitivity(largest_p_value=0.1))
    assert change_rows([found], 1, [], lambda tests: {}, NOW)
    assert change_rows([found], 10_000_000, [], lambda tests: {}, NOW) == []


def test_a_lasting_step_is_told_though_the_first_tests_of_its_old_level_were_disturbed():
    disturbed = [79.3, 76.0, 25.1, 23.9, 23.6, 24.1, 25.5]
    (row,) = rows(series([*disturbed, 42.5, 48.3, 48.2, 42.6, 64.4, 50.0, 43.7, 47.9]))
    assert (row.kind, row.points_before, row.test_id_after) == ("regression", 7, "test-7")
    assert 0.3 < row.relative_change_low < row.relative_change < row.relative_change_high
    assert rows(series([*disturbed, *disturbed[2:]])) == []


def test_a_change_whose_interval_holds_zero_waits_for_more_evidence():
    """Three of the first four nights were disturbed: what looks like an improvement is the end of that."""
    settling = [15.9, 9.5, 22.4, 24.3, 9.4, 10.3, 10.1, 9.8, 10.2, 9.5, 9.6, 9.6, 9.7, 10.3, 9.6, 9.7, 9.7, 10.1, 9.9]
    assert len(find_changes(series(settling), Sensitivity())) == 1
    assert rows(series(settling)) == []


def test_a_level_without_any_spread_has_an_interval_where_the_other_one_has_some():
    assert effect_interval(np.full(6, 10.0), np.full(6, 12.0)) is None
    for before, after in ((np.full(6, 10.0), np.array(around(12, 6))), (np.array(around(10, 6)), np.full(6, 12.0))):
        low, high = effect_interval(before, after)
        assert 0.1 < low < high < 0.3


def test_what_was_there_before_a_line_of_versions_does_not_make_it_restless_or_steady():
    restless = [1, 0, 1, 0, 1, 1, 0, 1]
    (row,) = rows(series([1] * 60 + restless, "success", begins=60))
    assert (row.kind, row.reason) == ("unstable", "passes and fails by turns: 6 changes in 8 tests")


def test_a_line_of_versions_tells_only_of_its_own_tests():
    assert rows(series(SLOWER + around(12, 6, seed=3), begins=18)) == []
    (row,) = rows(series(SLOWER, begins=12))
    assert (row.test_id_before, row.test_id_after, row.points_before) == ("test-11", "test-12", 12)


def test_a_step_just_before_another_version_is_that_versions_beginning():
    (row,) = rows(series(SLOWER, begins=14))
    assert (row.kind, row.test_id_after, row.points_after) == ("regression", "test-14", 4)
    assert rows(series(SLOWER, begins=15)) == []


def test_what_stands_out_of_a_restless_series_is_told_beside_its_restlessness():
    """Threads were halved after eight tests; later ones wander by a tenth and back."""
    levels = [(17.0, 8), (33.6, 8), (37.2, 6), (33.9, 6)]
    found = rows(series([value for level, points in levels for value in around(level, points, seed=points)]))
    assert [(row.kind, row.test_id_after) for row in found] == [("regression", "test-8"), ("unstable", "test-22")]
    assert found[0].relative_change > 0.9


def test_of_a_series_that_steps_to_and_fro_only_that_is_told():
    levels = [(level, 6) for level in (10, 12, 10, 12, 10, 12)]
    found = rows(
        series([value for seed, (level, points) in enumerate(levels) for value in around(level, points, seed)])
    )
    assert [row.kind for row in found] == ["unstable"]


def test_two_unstable_lines_of_one_case_are_two_statements_that_keep_their_answers():
    restless = [1, 0, 1, 0, 1, 1, 0, 1]
    both = series(restless, "success"), series([1, *restless], "success", begins=1, named="other")
    first, second = rows(*both)
    assert (first.kind, second.kind) == ("unstable", "unstable")
    said = [replace(first, status="acknowledged"), replace(second, status="expected")]
    again = rows(*both, stored=said)
    assert [(row.id, row.status) for row in again] == [(first.id, "acknowledged"), (second.id, "expected")]


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    assert adjusted_p_values([0.01, 0.04, 0.03], 3).tolist() == pytest.approx([0.03, 0.04, 0.04])
    assert adjusted_p_values([0.5], 100).tolist() == [1.0]
    assert adjusted_p_values([], 5).tolist() == []


def test_what_else_changed_is_read_from_the_tests_beside_the_change():
    old = {"backend_version": "1.23.0", "environment": {"threads": 2, "hostname": "a", "load_average_1m": 0.1}}
    new = {"backend_version": "1.24.1", "environment": {"threads": 1, "hostname": "a", "load_average_1m": 9.0}}
    # The runtime's version stands under its name too where that was recorded, and is told once.
    named = [side | {"versions": {"onnxruntime": side["backend_version"]}} for side in (old, new)]
    assert [one["what"] for one in differences(named[:1], named[1:])] == ["threads", "versions.onnxruntime"]
    known = {f"test-{day}": old if day < 12 else new for day in range(18)}
    (row,) = rows(series(SLOWER), circumstances=known)
    assert row.what_changed == [
        {"what": "backend_version", "before": "1.23.0", "after": "1.24.1"},
        {"what": "threads", "before": 2, "after": 1},
    ]


def test_one_stray_test_explains_nothing_and_an_unknown_side_neither():
    usual, stray = {"threads": 2}, {"threads": 8}
    assert differences([usual, usual, usual], [usual, stray, usual]) == []
    assert differences([], [usual]) == []
    assert differences([{"versions": {"numpy": "2.3"}}], [{"versions": {}, "threads": 1}]) == [
        {"what": "threads", "before": "absent", "after": 1},
        {"what": "versions.numpy", "before": "2.3", "after": "absent"},
    ]


def test_what_was_said_of_a_change_stays_though_the_change_moves_by_a_point():
    (first,) = rows(series(SLOWER))
    said = replace(first, status="expected", note="we chose this", reviewed_at=NOW, found_at=NOON)
    shifted = series(around(10, 11) + around(12, 8, seed=1))
    (again,) = rows(shifted, stored=[said])
    assert (again.id, again.status, again.note, again.found_at) == (first.id, "expected", "we chose this", NOON)
    assert again.points_after == 8


def test_what_was_said_of_a_regression_is_not_said_of_an_improvement_at_its_place():
    (regression,) = rows(series(SLOWER))
    said = replace(regression, status="expected")
    improvement, gone = rows(series(around(10, 12) + around(8, 6, seed=1)), stored=[said])
    assert (improvement.kind, improvement.status) == ("improvement", "new")
    assert (gone.id, gone.still_found, gone.status) == (regression.id, False, "expected")


def test_a_change_that_is_no_longer_seen_is_kept_and_says_so():
    (first,) = rows(series(SLOWER))
    (gone,) = rows(series(around(10, 30)), stored=[first])
    assert (gone.id, gone.still_found) == (first.id, False)


def test_a_second_step_is_a_change_of_its_own():
    (first,) = rows(series(SLOWER))
    both = rows(series(around(10, 12) + around(12, 10, seed=1) + around(15, 5, seed=2)), stored=[first])
    assert len({row.id for row in both}) == 2
    assert first.id in {row.id for row in both}
