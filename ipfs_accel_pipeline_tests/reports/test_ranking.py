from __future__ import annotations

import pytest

from ipfs_accel_pipeline.reports.ranking import best, rank, reason_not_to_rank
from ipfs_accel_pipeline_tests.reports.results import result


def ranks(*rows) -> dict[str, str]:
    return {row.hardware_id: row.rank for row in rank(rows)}


def test_the_lowest_median_is_the_fastest_when_the_intervals_are_apart():
    assert ranks(result(10, hardware_id="a"), result(20, hardware_id="b")) == {"a": "fastest", "b": "slower"}


def test_overlapping_intervals_are_a_tie_and_all_tied_results_are_marked():
    rows = [result(10.0, 0.3, hardware_id="a"), result(10.5, 0.3, hardware_id="b"), result(11.5, 0.3, hardware_id="c")]

    assert ranks(*rows) == {"a": "tied", "b": "tied", "c": "slower"}


def test_a_tie_is_with_the_fastest_and_does_not_pass_from_neighbour_to_neighbour():
    rows = [result(10.0, 0.3, hardware_id="a"), result(10.5, 0.3, hardware_id="b"), result(11.0, 0.3, hardware_id="c")]

    assert ranks(*rows)["c"] == "slower"


@pytest.mark.parametrize(
    ("slowdown", "then"),
    [
        (1.1, {"a": "fastest", "b": "slower"}),  # at most 1.95 times faster
        (1.9, {"a": "tied", "b": "tied"}),
        (float("inf"), {"a": "tied", "b": "tied"}),
    ],
)
def test_what_may_only_look_slower_on_a_slow_host_is_tied(slowdown, then):
    assert ranks(result(26, hardware_id="a"), result(60, hardware_id="b", host_slowdown=slowdown)) == then
    without = result(60, None, hardware_id="b", host_slowdown=slowdown)
    assert ranks(result(26, hardware_id="a"), without) == then


def test_the_fastest_stays_the_fastest_though_its_own_host_was_slow():
    rows = result(26, hardware_id="a", host_slowdown=1.9), result(60, hardware_id="b")
    assert ranks(*rows) == {"a": "fastest", "b": "slower"}


@pytest.mark.parametrize("other", [{"threads": 1}, {"weights_digest": "f" * 64}, {"precision": "bf16"}])
def test_what_was_measured_under_other_conditions_is_not_compared(other):
    rows = result(10, hardware_id="a"), result(20, hardware_id="b", **other)
    assert ranks(*rows) == {"a": "only", "b": "only"}


def test_intervals_that_touch_are_a_tie():
    assert ranks(result(10, 1, hardware_id="a"), result(12, 1, hardware_id="b")) == {"a": "tied", "b": "tied"}


def test_a_result_without_a_rival_is_not_called_the_fastest():
    assert ranks(result(10, hardware_id="a")) == {"a": "only"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"provenance": "imported"}, "imported"),
        ({"provenance": "emulated"}, "emulated"),
        ({"acceleration": "software"}, "software acceleration"),
        ({"acceleration": "emulated"}, "emulated acceleration"),
        ({"acceleration": None}, "unknown acceleration"),
        ({"latest_status": "crashed"}, "a newer test of this case ended: crashed"),
        ({"p50": None}, "no median latency"),
    ],
)
def test_what_is_not_a_current_measurement_of_real_hardware_is_never_ranked(change, reason):
    faster = result(**({"p50": 1.0, "hardware_id": "faster"} | change))

    assert reason_not_to_rank(faster) == reason
    assert ranks(faster, result(10, hardware_id="a"), result(20, hardware_id="b")) == {
        "a": "fastest",
        "b": "slower",
        "faster": "not_ranked",
    }


@pytest.mark.parametrize(
    "other", [{"model_id": "x"}, {"precision": "int8"}, {"batch_size": 8}, {"sequence_length": 512}]
)
def test_only_results_of_the_same_case_are_compared(other):
    assert ranks(result(10, hardware_id="a"), result(1, hardware_id="b", **other)) == {"a": "only", "b": "only"}


def test_ranked_results_say_how_many_times_as_long_they_take():
    slower, unranked = rank([result(10), result(25, hardware_id="b"), result(5, provenance="imported")])[1:]

    assert slower.p50_ratio_to_fastest == pytest.approx(2.5)
    assert unranked.p50_ratio_to_fastest is None


def test_the_order_does_not_depend_on_the_order_of_the_input():
    rows = [result(10, hardware_id=name, precision=precision) for name in "ab" for precision in ("fp32", None, "int8")]

    assert rank(rows) == rank(reversed(rows))


def test_there_is_no_best_of_nothing():
    assert best([]) is None
    assert best([result(None)]) is None
