"""One window, watched by one thread: average from an energy counter where there is one, peaks from samples.

The thread exists between `start` and `stop` only, and not at all where there is nothing to ask. A sensor that fails
in the middle of the window ends its own series: what it did not see is unknown, with the reason.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from ipfs_accel_pipeline.benchmark.power.probe import MEASURED, UNAVAILABLE, Battery, Probe
from ipfs_accel_pipeline.records import PowerReading

Clock = Callable[[], float]
_NOTHING = "no probe of this machine answers"


class PowerSampler:
    """A PowerMeter over `probes`, best first. `reasons` say why better ones are not among them."""

    def __init__(self, probes: Sequence[Probe], reasons: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._reasons = list(reasons)
        power = next((probe for probe in probes if self._tells_power(probe)), None)
        # Energy and power are one probe's, or average and peak would be of two things.
        self._energy = _Series(power, "joules")
        self._power = _Series(power, "watts")
        self._counts_only = power is not None and not _answers(power, "watts")
        self._heat = _Series(_first(probes, "celsius"), "celsius")
        self._charge = _Series(_first(probes, "battery"), "battery")
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        # A session that is timed elsewhere may end without a window here.
        self._battery_before = self._joules_before = None
        self._started = clock()

    def start(self) -> None:
        self._battery_before = self._charge.ask()
        if any(series.probe for series in (self._energy, self._power, self._heat)):
            self._thread = threading.Thread(target=self._watch, name="power-sampler", daemon=True)
        self._joules_before = self._energy.ask()
        self._started = self._clock()
        if self._thread:
            self._thread.start()

    def stop(self) -> PowerReading:
        self._stopped.set()
        if self._thread:
            self._thread.join()
        joules = self._energy.ask()
        duration = self._clock() - self._started
        energy = self._energy_of(joules)
        samples = self._power_samples()
        watts = energy / duration if energy and duration > 0 else _mean(samples)
        impact, hours = self._battery_use(duration)
        used = self._sources(watts)
        power = self._power.probe if watts is not None else None
        return PowerReading(
            source="+".join(used) or UNAVAILABLE,
            reason=self._reason(watts, duration),
            kind=(power.kind if power else MEASURED) if used else None,
            scope=power.scope if power else None,
            duration_seconds=duration,
            energy_joules=energy,
            power_watts_avg=watts,
            power_watts_peak=max(samples, default=None) if watts is not None else None,
            temperature_celsius_avg=_mean(self._heat.whole()),
            temperature_celsius_peak=max(self._heat.whole(), default=None),
            battery_impact_mah=impact,
            estimated_runtime_hours=hours,
            n_samples=max(len(samples), len(self._heat.whole())),
        )

    def _tells_power(self, probe: Probe) -> bool:
        """Whether it has a counter or watts; if it failed at both, why is a reason."""
        asked = [_Series(probe, quantity) for quantity in ("joules", "watts")]
        if any(series.ask() is not None for series in asked):
            return True
        failures = [series.failure for series in asked if series.failure]
        self._reasons = [*failures, *self._reasons]
        return False

    def _watch(self) -> None:
        sampled = [self._energy if self._counts_only else self._power, self._heat]
        periods = [series.probe.period_s for series in sampled if series.probe]
        while True:
            now = self._clock()
            for series in sampled:
                series.sample(now)
            if self._stopped.wait(min(periods)):
                return

    def _energy_of(self, joules: float | None) -> float | None:
        """None where there is no counter, or it did not move: a window shorter than its step."""
        if joules is None or self._joules_before is None or self._energy.failure:
            return None
        return joules - self._joules_before if joules > self._joules_before else None

    def _power_samples(self) -> list[float]:
        if self._counts_only:
            return _slopes(self._energy)
        return [value for value in self._power.whole() if value > 0]

    def _battery_use(self, duration_s: float) -> tuple[float | None, float | None]:
        """Charge taken (mAh) and the hours that remain at this rate; only of a battery that discharged all along."""
        before, after = self._battery_before, self._charge.ask()
        if not (isinstance(before, Battery) and isinstance(after, Battery)):
            return None, None
        if not (before.discharging and after.discharging):
            return None, None
        if before.charge_mah is None or after.charge_mah is None or after.charge_mah >= before.charge_mah:
            return None, after.hours_left
        impact = before.charge_mah - after.charge_mah
        return impact, after.charge_mah / (impact / duration_s) / 3600

    def _sources(self, watts: float | None) -> list[str]:
        """Of the probes that gave a number, each once."""
        given = [(self._power, watts is not None), (self._heat, bool(self._heat.whole()))]
        named = [series.probe.source for series, has in given if has and series.probe]
        return list(dict.fromkeys(named))

    def _reason(self, watts: float | None, duration_s: float) -> str | None:
        failures = [series.failure for series in (self._energy, self._power, self._heat) if series.failure]
        if watts is not None:
            return "; ".join(dict.fromkeys(failures)) or None
        if not failures and self._power.probe:
            told = "told no more than 0 W" if self._power.values else "did not move"
            failures = [f"{self._power.probe.source} {told} within the window of {duration_s:.3g} s"]
        return "; ".join(dict.fromkeys([*failures, *self._reasons])) or _NOTHING


class _Series:
    """Samples of one quantity. After its first failure the probe is not asked again."""

    def __init__(self, probe: Probe | None, quantity: str) -> None:
        self.probe = probe
        self.values: list[float] = []
        self.times: list[float] = []
        self.failure: str | None = None
        self._quantity = quantity

    def ask(self) -> Any:
        if self.probe is None or self.failure:
            return None
        try:
            return getattr(self.probe, self._quantity)()
        except Exception as error:  # each vendor's library has errors of its own
            self.failure = f"{self.probe.source} failed: {_first_line(error)}"
            return None

    def sample(self, now: float) -> None:
        """Ask, if the last answer is older than the probe's period."""
        if self.probe is None or (self.times and now - self.times[-1] < self.probe.period_s):
            return
        value = self.ask()
        if value is not None:
            self.values.append(value)
            self.times.append(now)

    def whole(self) -> list[float]:
        """The samples, or none if the probe died: the rest of the window was not seen."""
        return [] if self.failure else self.values


def _slopes(energy: _Series) -> list[float]:
    """Watts between successive samples of a counter that moved between them."""
    if energy.failure:
        return []
    pairs = zip(energy.times, energy.times[1:], energy.values, energy.values[1:], strict=False)
    return [(after - before) / (end - begin) for begin, end, before, after in pairs if after > before and end > begin]


def _answers(probe: Probe, quantity: str) -> bool:
    return _Series(probe, quantity).ask() is not None


def _first(probes: Sequence[Probe], quantity: str) -> Probe | None:
    return next((probe for probe in probes if _answers(probe, quantity)), None)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
