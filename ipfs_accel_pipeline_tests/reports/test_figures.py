from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ipfs_accel_pipeline.reports.figures import interval, moment, percent, significant, tick, with_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.842, "0.842"),
        (12.34, "12.3"),
        (1234.4, "1,234"),
        (1234567.0, "1,234,567"),
        (9.996, "10.0"),
        (999.6, "1,000"),
        (100.0, "100"),
        (0.0123456, "0.0123"),
        (0.00000456, "0.00000456"),
        (0.0, "0"),
        (-12.34, "-12.3"),
        (4, "4.00"),
    ],
)
def test_numbers_have_three_significant_digits_and_no_exponent(value, text):
    assert significant(value) == text


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
def test_unknown_is_a_dash_without_a_unit(unknown):
    assert with_unit(unknown, "ms") == "–"


def test_an_interval_with_an_unknown_end_is_unknown():
    assert interval(9.4, None, "ms") == "–"
    assert interval(9.4, 9.6, "ms") == "9.40 to 9.60 ms"


def test_percent_of_nothing_is_unknown():
    assert percent(None) == "–"
    assert percent(2 / 3) == "66.7 %"


def test_percent_are_100_only_where_nothing_is_missing():
    assert percent(1.0) == "100 %"
    assert percent(9_999 / 10_000) == "> 99.9 %"
    assert percent(0.9994) == "99.9 %"


def test_a_change_of_many_times_is_told_without_an_exponent():
    assert percent(11.5) == "1,150 %"
    assert percent(-0.305) == "-30.5 %"


def test_moments_are_told_in_utc():
    berlin = datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1)))

    assert moment(berlin) == moment(datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) == "2026-03-01 12:00 UTC"


@pytest.mark.parametrize(
    ("value", "text"), [(0.01, "0.01"), (1.0, "1"), (61.03448, "61"), (2000.0, "2,000"), (1e6, "1,000,000")]
)
def test_a_tick_of_an_axis_has_no_idle_zeros(value, text):
    assert tick(value) == text
