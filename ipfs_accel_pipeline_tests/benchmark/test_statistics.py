import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs_accel_pipeline.benchmark.statistics import (
    bootstrap_median_interval,
    median_interval,
    noise_reasons,
    summarize,
)

latencies = st.lists(st.floats(1e-3, 1e5), min_size=1, max_size=60)


def test_percentiles_are_numpys_linear_ones():
    summary = summarize([[1.0, 2.0, 3.0, 4.0]])
    assert (summary.p50_ms, summary.p90_ms) == pytest.approx((2.5, 3.7))
    assert (summary.min_ms, summary.max_ms, summary.average_ms, summary.iterations) == (1.0, 4.0, 2.5, 4)


@pytest.mark.parametrize(("iterations", "is_between"), [(4, True), (101, True), (102, False)])
def test_p99_of_few_iterations_lies_between_the_two_slowest(iterations, is_between):
    second, slowest = iterations - 2.0, iterations - 1.0  # of 0, 1, 2, ...
    assert (second <= summarize([[float(n) for n in range(iterations)]]).p99_ms <= slowest) == is_between


def test_one_slow_process_of_three_does_not_move_the_percentiles():
    quiet, slow = [10.0] * 50, [20.0] * 50
    summary = summarize([quiet, slow, quiet])
    assert summary.p50_ms == 10.0
    assert summary.p99_ms == 10.0
    assert (summary.ci95_low_ms, summary.ci95_high_ms) == (10.0, 20.0), "the interval must admit the slow process"


@given(st.lists(latencies, min_size=1, max_size=4))
def test_percentiles_are_ordered_and_lie_between_minimum_and_maximum(rounds):
    summary = summarize(rounds)
    slack = 1e-9 * summary.max_ms
    ordered = [summary.min_ms, summary.p50_ms, summary.p90_ms, summary.p99_ms, summary.max_ms]
    assert all(a <= b + slack for a, b in itertools.pairwise(ordered))
    assert summary.min_ms - slack <= summary.ci95_low_ms <= summary.ci95_high_ms <= summary.max_ms + slack
    assert summary.min_ms - slack <= summary.average_ms <= summary.max_ms + slack


@given(latencies, st.floats(0.01, 100))
def test_a_slower_clock_scales_every_figure(series, factor):
    plain, scaled = summarize([series]), summarize([[value * factor for value in series]])
    assert scaled.p90_ms == pytest.approx(plain.p90_ms * factor)
    assert scaled.ci95_high_ms == pytest.approx(plain.ci95_high_ms * factor)
    assert scaled.coefficient_of_variation == pytest.approx(plain.coefficient_of_variation, abs=1e-9)


def test_an_empty_round_is_refused():
    with pytest.raises(ValueError, match="no empty round"):
        summarize([[1.0], []])


def test_the_median_interval_needs_six_values():
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([1, 2, 3, 4, 5, 6]) == (1, 6)


def test_the_median_interval_covers_the_median_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = [low <= 1.0 <= high for low, high in (median_interval(rng.lognormal(0, 0.3, 50)) for _ in range(2000))]
    assert 0.93 <= np.mean(covered) <= 0.98


def test_the_bootstrap_sees_the_spread_between_processes_that_pooling_hides():
    rng = np.random.default_rng(2)
    rounds = [rng.normal(center, 0.05, 500) for center in (9.0, 10.0, 11.0)]
    low, high = bootstrap_median_interval(rounds)
    assert low < 9.2
    assert high > 10.8


@pytest.mark.parametrize(("rounds", "share"), [(3, 0.74), (5, 0.92)])
def test_the_interval_of_few_rounds_holds_further_ones_as_seldom_as_the_report_says(rounds, share):
    rng = np.random.default_rng(5)
    held = []
    for _ in range(300):
        series = [10 * np.exp(rng.normal(0, 0.08) + rng.normal(0, 0.01, 40)) for _ in range(rounds)]
        low, high = bootstrap_median_interval(series, resamples=300)
        held.append(low <= 10 <= high)
    assert np.mean(held) == pytest.approx(share, abs=0.05)


def test_the_bootstrap_is_repeatable():
    rounds = [[1.0, 2.0, 3.0], [2.0, 3.0, 9.0]]
    assert bootstrap_median_interval(rounds) == bootstrap_median_interval(rounds)


def test_the_bootstrap_does_not_ask_for_the_order_of_the_iterations():
    assert bootstrap_median_interval([[1.0, 2.0, 3.0, 9.0]]) == bootstrap_median_interval([[9.0, 2.0, 1.0, 3.0]])


def test_a_quiet_measurement_has_no_noise_reasons():
    rounds = [[10.0, 10.1] * 20] * 3
    assert noise_reasons(rounds, [True] * 3, summarize(rounds)) == []


@pytest.mark.parametrize(
    ("rounds", "targets", "reason"),
    [
        ([[10.0] * 40], [False], "a round missed its interval target"),
        ([[10.0] * 20 + [12.0] * 20], [True], "first and second half of a round disagree"),
        ([[10.0] * 40, [10.0] * 20 + [12.0] * 20], [True] * 2, "first and second half of a round disagree"),
        ([[10.0] * 40, [10.0] * 40], [True, False], "a round missed its interval target"),
        ([[10.0] * 40, [10.0] * 40, [12.0] * 40], [True] * 3, "the rounds disagree"),
    ],
)
def test_noise_is_named(rounds, targets, reason):
    assert reason in noise_reasons(rounds, targets, summarize(rounds))


def test_percentiles_and_interval_are_those_of_numpy_to_the_last_digit():
    for length in (1, 2, 5, 20, 64, 65):
        series = np.random.default_rng(length).lognormal(3, 0.3, length)
        found = summarize([series.tolist()], seed=7)
        assert [found.p50_ms, found.p90_ms, found.p99_ms] == np.percentile(series, [50, 90, 99]).tolist()
        rng = np.random.default_rng(7)
        rng.integers(1, size=(1000, 1))
        medians = np.median(np.sort(series)[rng.integers(length, size=(1000, length))], axis=1)
        expected = np.quantile(medians, [(1 - 0.95) / 2, 1 - (1 - 0.95) / 2])
        assert [found.ci95_low_ms, found.ci95_high_ms] == expected.tolist()
