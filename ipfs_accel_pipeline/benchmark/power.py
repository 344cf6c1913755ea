"""Power, energy and temperature over the timed window: the interface of probes.

No probe exists yet, so every reading says "unavailable" with the reason. A probe is never guessed from a model of
the processor: unknown stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol as Interface

from ipfs_accel_pipeline.records import PowerReading

UNAVAILABLE = "unavailable"


class PowerMeter(Interface):
    """Measures one window: `start` just before the first timed iteration, `stop` just after the last."""

    def start(self) -> None: ...

    def stop(self) -> PowerReading: ...


class NoPowerMeter:
    """Stands where nothing can be measured; its reading carries the reason and the window's length."""

    def __init__(self, reason: str, clock: Callable[[], float]) -> None:
        self._reason = reason
        self._clock = clock
        self._started = clock()

    def start(self) -> None:
        self._started = self._clock()

    def stop(self) -> PowerReading:
        return PowerReading(
            source=UNAVAILABLE, reason=self._reason, duration_seconds=self._clock() - self._started, n_samples=0
        )


def open_power_meter(hardware_type: str, clock: Callable[[], float]) -> PowerMeter:
    """The meter for this hardware type."""
    return NoPowerMeter(f"not implemented: no power probe for {hardware_type} yet", clock)
