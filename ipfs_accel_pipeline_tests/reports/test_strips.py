from __future__ import annotations

import pytest

from ipfs_accel_pipeline.reports.strips import WIDTH, strip_chart
from ipfs_accel_pipeline_tests.reports.results import result

TYPES = {"cpu": "CPU", "gpu": "CUDA", "web": "WebGPU"}


def mib(memory_peak_mb: float | None, hardware_id: str = "cpu", **changes: object) -> object:
    return result(hardware_id=hardware_id, memory_peak_mb=memory_peak_mb, **changes)


def chart(*rows: object):
    return strip_chart(rows, "memory_peak_mb", TYPES)


def test_equal_ratios_are_equally_far_apart_on_the_axis():
    (strip,) = chart(mib(10.0), mib(100.0, "gpu"), mib(1000.0, "web")).strips

    left, middle, right = (x for x, _, _ in strip.marks)
    assert 0 < left < middle < right < WIDTH
    assert middle - left == pytest.approx(right - middle, abs=1)


def test_memory_below_the_resolution_has_no_place_on_a_logarithmic_axis():
    drawn = chart(mib(0.0), mib(10.0, "gpu"))

    assert drawn.lanes == ((1, "CUDA"),)
    assert chart(mib(0.0)) is None


def test_each_hardware_type_keeps_its_lane_and_its_mark_in_every_strip():
    drawn = chart(mib(10.0), mib(20.0, "web"), mib(30.0, "web", model_id="z"))

    assert drawn.lanes == ((0, "CPU"), (7, "WebGPU"))
    assert [[(y, number) for _, y, number in strip.marks] for strip in drawn.strips] == [[(7, 0), (14, 7)], [(14, 7)]]


def test_a_strip_names_its_lowest_and_its_highest_result():
    (strip,) = chart(mib(30.0), mib(10.0, "gpu"), mib(20.0, "web")).strips

    assert (strip.lowest.hardware_id, strip.highest.hardware_id) == ("gpu", "cpu")


def test_of_a_model_the_case_is_drawn_that_most_results_have():
    (strip,) = chart(mib(10.0), mib(20.0, batch_size=8), mib(30.0, "gpu", batch_size=8)).strips

    assert (strip.shown.batch_size, len(strip.marks)) == (8, 2)


def test_what_is_unknown_or_may_not_be_ranked_is_not_drawn():
    assert chart(mib(None), mib(10.0, not_ranked_reason="imported")) is None


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [((61.0, 900.0), (100, 200, 500)), ((0.02, 5000.0), (0.1, 1, 10, 100, 1000)), ((110.0, 190.0), (110, 190)),
     ((7.0, 7.0), (7,)), ((1e-6, 1e6), (1e-6, 1e-3, 1, 1e3, 1e6))],
)  # fmt: skip
def test_the_axis_has_a_few_round_numbers_or_its_ends(ends, ticks):
    drawn = chart(mib(ends[0]), mib(ends[1], "gpu"))

    assert [value for value, _ in drawn.ticks] == pytest.approx(ticks)
