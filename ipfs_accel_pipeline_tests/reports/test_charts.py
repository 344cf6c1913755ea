from __future__ import annotations

from ipfs_accel_pipeline.reports.charts import WIDTH, latency_bars
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
