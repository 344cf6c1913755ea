"""The row of power_metrics that the rounds of one case make together, and the watts of its performance row."""

from __future__ import annotations

from collections.abc import Sequence

from ipfs_accel_pipeline.benchmark.case_rounds import CaseRounds
from ipfs_accel_pipeline.benchmark.known_values import largest, mean, total
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import Observation, PowerMetrics, PowerReading

_NO_READING = PowerReading("unavailable", "the round recorded no power reading")


def measured_watts(rounds: Sequence[Observation]) -> float | None:
    """Average power over the timed windows of all these rounds; None if one of them lacks it, or it is an estimate.

    The latencies are of all rounds, so that efficiency over some of them would be of another window.
    """
    readings = [one.power for one in rounds]
    if any(reading is None or reading.kind != "measured" for reading in readings):
        return None
    return _average_watts([reading for reading in readings if reading])


def items_per_joule(rounds: Sequence[Observation], batch_size: int) -> float | None:
    """What went through in the timed windows over the energy of these windows, the pauses between iterations included.

    Throughput knows no pauses, so throughput over power would promise more than was got for the energy.
    """
    watts = measured_watts(rounds)
    seconds = total(one.power.duration_seconds for one in rounds if one.power)
    if watts is None or not seconds:
        return None
    return batch_size * sum(len(one.latencies_ms) for one in rounds) / (watts * seconds)


def _average_watts(readings: Sequence[PowerReading]) -> float | None:
    """Weighted by the length of the windows; None if one of them has no average."""
    weighted = [(one.power_watts_avg, one.duration_seconds or 0.0) for one in readings]
    known = [(watts, seconds) for watts, seconds in weighted if watts is not None]
    if not known or len(known) < len(weighted):
        return None
    lasted_s = sum(seconds for _, seconds in known)
    if not lasted_s:
        return mean(watts for watts, _ in known)
    return sum(watts * seconds for watts, seconds in known) / lasted_s


def power_row(group: CaseRounds) -> PowerMetrics:
    readings = [one.power or _NO_READING for one in group.used]
    kinds = {reading.kind for reading in readings if reading.power_watts_avg is not None}
    lacking = [reading for reading in readings if reading.power_watts_avg is None]
    shown = next((reading for reading in readings if reading.power_watts_avg is not None), readings[0])
    watts = _average_watts(readings) if len(kinds) == 1 else None
    return PowerMetrics(
        id=row_id("power", group.test_id),
        test_id=group.test_id,
        model_id=group.case.model_id,
        hardware_id=group.case.hardware_id,
        power_watts_avg=watts,
        power_watts_peak=largest(reading.power_watts_peak for reading in readings) if watts is not None else None,
        temperature_celsius_avg=mean(reading.temperature_celsius_avg for reading in readings),
        temperature_celsius_peak=largest(reading.temperature_celsius_peak for reading in readings),
        battery_impact_mah=total(reading.battery_impact_mah for reading in readings),
        test_duration_seconds=total(reading.duration_seconds for reading in readings),
        estimated_runtime_hours=mean(reading.estimated_runtime_hours for reading in readings),
        test_timestamp=group.first.started_at,
        run_id=group.run_id,
        source=shown.source,
        kind=shown.kind,
        scope=shown.scope,
        n_samples=sum(reading.n_samples for reading in readings),
        reason=_power_reason(readings, lacking) if len(kinds) < 2 else "some rounds were measured, others estimated",
    )


def _power_reason(readings: Sequence[PowerReading], lacking: Sequence[PowerReading]) -> str | None:
    """Why there is no average, or what else a reader should know of the readings."""
    if not lacking:
        return next((reading.reason for reading in readings if reading.reason), None)
    why = lacking[0].reason or "no reason was recorded"
    return why if len(lacking) == len(readings) else f"{len(lacking)} of {len(readings)} rounds have no power: {why}"
