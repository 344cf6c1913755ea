from __future__ import annotations

import pytest

from ipfs_accel_pipeline.reports.charts import WIDTH, batch_chart, density_path, latency_bars
from ipfs_accel_pipeline.reports.rows import Distribution
from ipfs_accel_pipeline_tests.reports.results import result


def test_bars_start_at_zero_and_share_one_scale():
    short, long = latency_bars([result(10, 0), result(20, 0)])

    assert short is not None
    assert long is not None
    assert long.p50 == 2 * short.p50 == WIDTH - 2


def test_the_whisker_reaches_from_one_end_of_the_interval_to_the_other_within_the_drawing():
    (bar,) = latency_bars([result(10, 5)])

    assert bar is not None
    assert (bar.low, bar.high) == (round((WIDTH - 2) / 3, 1), WIDTH - 2)


def test_an_unknown_median_has_no_bar():
    assert latency_bars([result(None)]) == [None]


def test_throughput_over_batch_size_has_one_line_per_endpoint_and_needs_two_sizes():
    rows = [result(batch_size=size, throughput_items_per_second=10.0 * size) for size in (8, 1, 4)]
    alone = result(endpoint_type="onnxruntime")
    unranked = [result(batch_size=size, not_ranked_reason="imported", hardware_id="old") for size in (1, 8)]

    chart = batch_chart([*rows, alone, *unranked])

    assert [line.name for line in chart.lines] == [f"{rows[0].hardware_id} pytorch, fp32, 128 tokens"]
    assert [size for size, _ in chart.batch_sizes] == [1, 4, 8]
    xs, ys = zip(*chart.lines[0].points, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)  # more is higher up
    assert xs[1] - xs[0] == pytest.approx(2 * (xs[2] - xs[1]), abs=0.2)  # the axis is logarithmic
    assert batch_chart([alone]) is None


def test_a_density_reaches_the_top_in_its_fullest_bin_and_the_ground_in_an_empty_one():
    path = density_path(Distribution("t", samples=6, low_ms=1.0, high_ms=2.0, counts=(0, 0, 4, 2)))

    assert path == "M0 28V28h60V0h30V14h30V28Z"
