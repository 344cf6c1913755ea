"""What the benchmark asks of a runtime. One runtime, one file; nobody else knows how a device is awaited."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ipfs_accel_pipeline.models.bundles import Bundle


class Session(Protocol):
    """One model, loaded on one device in one precision. Ends with `close`."""

    actual_device: str  # as the runtime itself names it, not as it was asked for
    device_proof: dict[str, Any]  # what the runtime says about where the work is done; complete after an inference
    effective_precision: str  # fp32 | fp16 | bf16 | int8, read back from the runtime
    load_ms: float
    compile_ms: float | None  # None where loading and compiling cannot be told apart

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        """Inputs on the device and in its precision; outside timing."""

    def infer(self, prepared: Any) -> Any:
        """One inference; returns when the device is done. Its outputs stay valid when the next one runs."""

    def arrays(self, outputs: Any) -> dict[str, np.ndarray]:
        """Outputs as float32 under the reference's names; one that the runtime does not give is left out."""

    def device_memory_peak_mb(self) -> float | None:
        """Peak MiB on the device since loading; None where there is no device memory, or no way to ask."""

    def close(self) -> None:
        """Free the model. The session is not used afterwards."""


class Backend(Protocol):
    """One runtime, before anything is loaded."""

    name: str
    preload: tuple[str, ...]  # modules worth importing once, before children are forked; empty where that is unsafe

    def version(self) -> str | None:
        """As the runtime itself says, imported by this call; None if it is not installed."""

    def artefact(self, precision: str) -> str:
        """The bundle artefact it loads for this precision; Unsupported if it never runs in it."""

    def precisions(self, device: str) -> tuple[str, ...]:
        """What it can be asked for on this device; a model or a processor may still refuse."""

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> Session:
        """Raises Unsupported or BackendUnavailable, naming what is missing and what to install."""
