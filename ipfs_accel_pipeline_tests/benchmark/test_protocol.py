import itertools

import pytest

from ipfs_accel_pipeline.benchmark.protocol import (
    PROFILES,
    SlicedTiming,
    find_profile,
    judge_series,
    measure_latencies,
)
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.timing import Protocol, RawSeries


class FakeClock:
    """Time moves only when the fake model says so."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


class FakeModel:
    """Takes the given durations in turn, the last one for ever."""

    def __init__(self, clock, *durations_ms):
        self._clock = clock
        self._durations_ms = itertools.chain(durations_ms, itertools.repeat(durations_ms[-1]))
        self.calls = 0

    def __call__(self):
        self.calls += 1
        self._clock.now_s += next(self._durations_ms) / 1e3


def measure(*durations_ms, before_timing=lambda: None, **protocol):
    clock = FakeClock()
    model = FakeModel(clock, *durations_ms)
    series = measure_latencies(model, Protocol(**protocol), clock, clock, before_timing)
    return series, model, clock


def test_warmup_is_not_timed():
    series, model, _ = measure(50, 50, 50, 50, 50, 50, 1, max_iterations=40)
    assert max(series.latencies_ms) == pytest.approx(1)
    assert series.warmup_iterations == 6
    assert model.calls == 6 + len(series.latencies_ms)


def test_warmup_goes_on_until_two_windows_agree():
    series, _, _ = measure(90, 90, 90, 60, 60, 60, 40, 40, 40, 40, max_iterations=40, max_warmup_s=60)
    assert series.warmup_iterations == 12


def test_warmup_ends_when_its_time_is_up():
    clock = FakeClock()
    model = FakeModel(clock, *(2000 / (i + 1) for i in range(100)))
    series = measure_latencies(model, Protocol(max_warmup_s=4.0, max_iterations=3), clock, clock)
    assert series.warmup_iterations == 6


def test_timing_runs_for_the_minimum_duration_even_when_the_interval_is_tight():
    series, _, _ = measure(2)
    assert sum(series.latencies_ms) == pytest.approx(1000)
    assert series.interval_target_met


def test_timing_takes_the_minimum_number_of_iterations_even_when_they_are_slow():
    series, _, _ = measure(100)
    assert len(series.latencies_ms) == 30


def test_a_noisy_series_runs_to_the_time_limit_and_says_that_it_missed_the_target():
    noisy = [10, 30] * 1000
    series, _, _ = measure(*noisy, max_duration_s=4.0)
    assert sum(series.latencies_ms) == pytest.approx(4000, abs=40)
    assert not series.interval_target_met


def test_a_fast_noisy_series_stops_at_the_iteration_limit():
    series, _, _ = measure(*[1, 3] * 2000)
    assert len(series.latencies_ms) == 1000


def test_a_model_slower_than_the_whole_budget_still_gets_three_iterations_but_no_interval():
    series, _, _ = measure(60_000)
    assert len(series.latencies_ms) == 3
    assert not series.interval_target_met


def test_samples_are_kept_raw_and_in_order():
    series, _, _ = measure(*[5] * 6, *range(1, 31), max_iterations=30)
    assert series.latencies_ms == pytest.approx(range(1, 31))
    assert series.cpu_times_ms == pytest.approx(range(1, 31))


def test_the_power_window_opens_between_warmup_and_timing():
    moments = []
    clock = FakeClock()
    model = FakeModel(clock, 10)
    measure_latencies(model, Protocol(max_iterations=5), clock, clock, lambda: moments.append(model.calls))
    assert moments == [6]


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(UsageError, match="smoke, quick, standard, thorough"):
        find_profile("leisurely")
    assert find_profile("standard") is PROFILES["standard"]


class FakeRuntime:
    """Times its own iterations, and spends as much on the way there and back."""

    def __init__(self, clock, *durations_ms):
        self._clock = clock
        self._durations_ms = itertools.chain(durations_ms, itertools.repeat(durations_ms[-1]))
        self.slices = []

    def __call__(self, count):
        self.slices.append(count)
        latencies = [next(self._durations_ms) for _ in range(count)]
        self._clock.now_s += 2 * sum(latencies) / 1e3
        return latencies


def measure_in_slices(*durations_ms, before_timing=lambda: None, **protocol):
    clock = FakeClock()
    runtime = FakeRuntime(clock, *durations_ms)
    series = SlicedTiming(Protocol(**protocol), before_timing, clock).in_slices(runtime)
    return series, runtime, clock


def test_iterations_timed_elsewhere_keep_the_times_of_there():
    series, runtime, _ = measure_in_slices(50, 50, 50, 50, 50, 50, 1, max_iterations=40, min_duration_s=0)
    assert series.warmup_iterations == 6
    assert set(series.latencies_ms) == {1.0}
    assert runtime.slices == [3, 3, 3, 7, 10, 10]


def test_slices_follow_the_same_rule_as_single_calls():
    durations = [100, 80, 60, 50, 50, 50, *([20, 21, 22, 19, 18] * 6), 20]
    single, _, _ = measure(*durations, min_duration_s=0, max_duration_s=60)
    sliced, _, _ = measure_in_slices(*durations, min_duration_s=0, max_duration_s=60)
    assert sliced.latencies_ms == pytest.approx(single.latencies_ms)
    assert sliced.warmup_iterations == single.warmup_iterations


def test_slices_shrink_when_the_time_is_nearly_up():
    _, runtime, clock = measure_in_slices(1000, max_warmup_s=0, max_duration_s=10)
    assert runtime.slices[0] == 3
    assert clock.now_s <= 6 + 10 + 2
    assert runtime.slices[-1] < 7


def test_meters_start_between_warm_up_and_the_first_timed_slice():
    clock = FakeClock()
    runtime = FakeRuntime(clock, 5)
    seen = []
    SlicedTiming(Protocol(), lambda: seen.append(list(runtime.slices)), clock).in_slices(runtime)
    assert seen == [[3, 3]]


@pytest.mark.parametrize("answer", [[], [1.0, 2.0], [1.0, float("nan"), 1.0], [1.0, -1.0, 1.0]])
def test_a_slice_that_is_short_or_no_time_is_refused(answer):
    with pytest.raises(ValueError, match="asked for 3 iterations"):
        SlicedTiming(Protocol(), clock=FakeClock()).in_slices(lambda count: answer)


def test_a_series_from_elsewhere_is_judged_by_the_same_interval():
    steady = judge_series(RawSeries(tuple([10.0] * 100), None), Protocol())
    wide = judge_series(RawSeries(tuple([10.0, 20.0] * 50), 5), Protocol())
    assert (steady.interval_target_met, wide.interval_target_met) == (True, False)
    assert (steady.warmup_iterations, wide.warmup_iterations) == (None, 5)
    assert steady.cpu_times_ms == ()
