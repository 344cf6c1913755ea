"""An estimate for machines without a sensor: a person's own figure for the processor's power, times its load.

Opt-in by BENCHMARK_TDP_WATTS, labelled `modelled`, and never used for efficiency: it is no measurement.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ipfs_accel_pipeline.benchmark.power.probe import MODELLED, NoQuantity, ProbeUnavailable

TDP_VARIABLE = "BENCHMARK_TDP_WATTS"


class TdpModel(NoQuantity):
    source = "tdp_model"
    kind = MODELLED
    scope = "cpu_package"
    period_s = 0.1  # psutil's load is the mean since the last question

    def __init__(self, tdp_watts: float, load_percent: Callable[[], float]) -> None:
        self._tdp_watts = tdp_watts
        self._load_percent = load_percent

    def watts(self) -> float | None:
        return self._tdp_watts * self._load_percent() / 100


def is_asked_for(environment: Mapping[str, str] = os.environ) -> bool:
    return bool(environment.get(TDP_VARIABLE, "").strip())


def asked_for(environment: Mapping[str, str] = os.environ) -> float:
    """The watts that a person gave."""
    text = environment[TDP_VARIABLE].strip()
    try:
        watts = float(text)
    except ValueError:
        watts = 0.0
    if not 0 < watts < 10_000:
        raise ProbeUnavailable(f"{TDP_VARIABLE}={text!r} is no power in watts.")
    return watts
