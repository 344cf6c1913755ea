"""The sampling thread, over probes of which every answer is known."""

import threading
import time

import pytest

from ipfs_accel_pipeline.benchmark.power.probe import MODELLED, Battery, NoQuantity
from ipfs_accel_pipeline.benchmark.power.sampler import PowerSampler

WINDOW_S = 0.2


class FakeProbe(NoQuantity):
    """Answers with functions of the time since it was made."""

    source, kind, scope, period_s = "fake", "measured", "device", 0.01

    def __init__(self, **quantities):
        self._quantities = quantities
        self._made = time.perf_counter()

    def _answer(self, quantity):
        return self._quantities[quantity](time.perf_counter() - self._made) if quantity in self._quantities else None

    def joules(self):
        return self._answer("joules")

    def watts(self):
        return self._answer("watts")

    def celsius(self):
        return self._answer("celsius")

    def battery(self):
        return self._answer("battery")


def reading_of(*probes, reasons=(), window_s=WINDOW_S):
    meter = PowerSampler(probes, reasons, time.perf_counter)
    meter.start()
    time.sleep(window_s)
    return meter.stop()


def fail_after(seconds, value):
    def answer(elapsed):
        if elapsed > seconds:
            raise OSError("the sensor is gone")
        return value(elapsed)

    return answer


def test_the_average_comes_from_the_energy_counter_and_the_peak_from_samples():
    probe = FakeProbe(joules=lambda t: 50 * t, watts=lambda t: 40 if int(t * 50) % 2 else 90, celsius=lambda t: 61)
    reading = reading_of(probe)
    assert reading.power_watts_avg == pytest.approx(50, rel=0.02)
    assert reading.energy_joules == pytest.approx(50 * reading.duration_seconds, rel=0.02)
    assert (reading.power_watts_peak, reading.temperature_celsius_avg, reading.temperature_celsius_peak) == (90, 61, 61)
    assert (reading.source, reading.kind, reading.scope, reading.reason) == ("fake", "measured", "device", None)
    assert reading.n_samples > 3


def test_without_a_counter_the_average_is_the_mean_of_the_samples():
    reading = reading_of(FakeProbe(watts=lambda t: 30))
    assert (reading.power_watts_avg, reading.power_watts_peak, reading.energy_joules) == (30, 30, None)


def test_an_answer_of_no_watts_at_all_is_no_sample():
    reading = reading_of(FakeProbe(watts=lambda t: 0 if int(t * 50) % 2 else 30))
    assert (reading.power_watts_avg, reading.power_watts_peak) == (30, 30)


def test_a_counter_alone_gives_the_peak_too():
    def joules(t):  # 10 W, and 60 W in the second half of the window
        return 10 * t + 50 * max(0, t - WINDOW_S / 2)

    reading = reading_of(FakeProbe(joules=joules))
    assert 20 < reading.power_watts_avg < 50
    assert reading.power_watts_peak > 50


def test_nothing_to_ask_is_unavailable_with_the_reasons_and_starts_no_thread():
    before = threading.active_count()
    meter = PowerSampler([], ["no sensor", "no permission"], time.perf_counter)
    meter.start()
    assert threading.active_count() == before
    reading = meter.stop()
    assert (reading.source, reading.kind, reading.power_watts_avg, reading.n_samples) == ("unavailable", None, None, 0)
    assert reading.reason == "no sensor; no permission"
    assert reading.duration_seconds is not None


def test_the_thread_lives_between_start_and_stop_only():
    meter = PowerSampler([FakeProbe(watts=lambda t: 1)], [], time.perf_counter)
    assert not any(thread.name == "power-sampler" for thread in threading.enumerate())
    meter.start()
    assert any(thread.name == "power-sampler" for thread in threading.enumerate())
    meter.stop()
    assert not any(thread.name == "power-sampler" for thread in threading.enumerate())


def test_a_probe_that_dies_within_the_window_leaves_no_number_and_its_reason():
    joules, watts = fail_after(0.08, lambda t: 50 * t), fail_after(0.08, lambda t: 50)
    reading = reading_of(FakeProbe(joules=joules, watts=watts))
    assert (reading.power_watts_avg, reading.power_watts_peak, reading.energy_joules) == (None, None, None)
    assert "fake failed: OSError: the sensor is gone" in reading.reason
    assert reading.source == "unavailable"


def test_a_thermometer_that_dies_does_not_cost_the_power():
    reading = reading_of(FakeProbe(joules=lambda t: 50 * t, watts=lambda t: 50, celsius=fail_after(0.05, lambda t: 60)))
    assert reading.power_watts_avg == pytest.approx(50, rel=0.02)
    assert reading.temperature_celsius_avg is None
    assert "the sensor is gone" in reading.reason


def test_temperature_without_power_says_whose_it_is_and_why_there_is_no_power():
    reading = reading_of(FakeProbe(celsius=lambda t: 45.5), reasons=["RAPL: permission denied"])
    assert (reading.temperature_celsius_peak, reading.power_watts_avg) == (45.5, None)
    assert (reading.source, reading.kind, reading.scope) == ("fake", "measured", None)
    assert reading.reason == "RAPL: permission denied"


def test_a_counter_that_stands_still_is_unknown_and_not_zero():
    reading = reading_of(FakeProbe(joules=lambda t: 7))
    assert (reading.power_watts_avg, reading.energy_joules) == (None, None)
    assert "did not move" in reading.reason


@pytest.mark.parametrize("watts", [0, -3])
def test_a_sensor_that_tells_no_watts_all_along_is_not_said_to_stand_still(watts):
    reading = reading_of(FakeProbe(watts=lambda t: watts))
    assert reading.power_watts_avg is None
    assert reading.reason.startswith("fake told no more than 0 W within the window")


def test_a_probe_that_fails_from_the_beginning_leaves_its_reason():
    probe = FakeProbe(joules=fail_after(-1, lambda t: t), watts=lambda t: None, celsius=lambda t: 45)
    reading = reading_of(probe, reasons=["this machine has no battery"])
    assert (reading.power_watts_avg, reading.temperature_celsius_peak) == (None, 45)
    assert reading.reason == "fake failed: OSError: the sensor is gone; this machine has no battery"


def test_an_estimate_is_taken_only_where_nothing_measures_and_is_labelled():
    estimate = FakeProbe(watts=lambda t: 65)
    estimate.kind, estimate.source = MODELLED, "tdp_model"
    assert reading_of(FakeProbe(watts=lambda t: 30), estimate).kind == "measured"
    alone = reading_of(FakeProbe(celsius=lambda t: 40), estimate)
    assert (alone.power_watts_avg, alone.kind, alone.source) == (65, "modelled", "tdp_model+fake")


@pytest.mark.parametrize(
    ("discharging", "charge_mah", "expected"),
    [
        (True, lambda t: 3000 - 1000 * t, True),
        (False, lambda t: 3000 - 1000 * t, False),  # on a charger
        (True, lambda t: 3000, False),  # a window shorter than the counter's step
        (True, lambda t: None, False),
    ],
)
def test_battery_use_is_known_only_of_a_battery_that_discharged(discharging, charge_mah, expected):
    reading = reading_of(FakeProbe(battery=lambda t: Battery(discharging, charge_mah(t))))
    assert (reading.battery_impact_mah is not None) == expected
    assert (reading.estimated_runtime_hours is not None) == expected
    if expected:
        per_second = reading.battery_impact_mah / reading.duration_seconds
        assert per_second == pytest.approx(1000, rel=0.02)
        remaining = 3000 - 1000 * reading.duration_seconds
        assert reading.estimated_runtime_hours == pytest.approx(remaining / 1000 / 3600, rel=0.02)


def test_the_systems_own_estimate_stands_where_the_charge_is_unknown():
    reading = reading_of(FakeProbe(battery=lambda t: Battery(True, None, hours_left=4.5)))
    assert (reading.battery_impact_mah, reading.estimated_runtime_hours) == (None, 4.5)
