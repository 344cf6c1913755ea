"""What the benchmark asks of a runtime. One runtime, one file; nobody else knows how a device is awaited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.timing import MemoryUse, RawSeries
from ipfs_accel_pipeline.timing import Protocol as TimingProtocol


class Session(Protocol):
    """One model, loaded on one device in one precision. Ends with `close`."""

    actual_device: str  # as the runtime itself names it, not as it was asked for
    device_proof: dict[str, Any]  # what the runtime says about where the work is done; complete after an inference
    effective_precision: str  # one of records.PRECISIONS, read back from the runtime
    load_ms: float
    compile_ms: float | None  # None where loading and compiling cannot be told apart

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        """Inputs on the device and in its precision; outside timing."""

    def infer(self, prepared: Any) -> Any:
        """One inference; returns when the device is done. Its outputs stay valid when the next one runs."""

    def arrays(self, outputs: Any) -> dict[str, np.ndarray]:
        """Outputs as float32 under the reference's names; one that the runtime does not give is left out."""

    def take_device_memory_peak_mb(self) -> float | None:
        """Peak MiB on the device since loading, or since this was last asked: asking begins a new peak. None where
        there is no device memory, or no way to ask."""

    def close(self) -> None:
        """Free the model. The session is not used afterwards."""


class Timing(Protocol):
    """What a session that times itself is given: how long to go on, and whom to tell when timing begins."""

    protocol: TimingProtocol

    def begin(self) -> None:
        """Call it after the warm-up, just before the first timed iteration: meters start."""

    def in_slices(self, time_slice: Callable[[int], Sequence[float]]) -> RawSeries:
        """The whole series, for a runtime that can run any number of iterations: `begin` is called in it.

        `time_slice(n)` runs n iterations and returns their milliseconds.
        """


@runtime_checkable
class TimesItself(Protocol):
    """What a `Session` adds whose iterations are timed where they run: in a browser's page, on a hosted device.

    The worker then never puts a clock of its own around `infer`, which carries the way there and back; `infer` still
    serves the parity gate.
    """

    def time_first(self, prepared: Any) -> float | None:
        """Milliseconds of the first inference after loading, which it runs; None if the runtime does not tell."""

    def time_series(self, prepared: Any, timing: Timing) -> RawSeries:
        """Every timed iteration of one round: through `timing.in_slices`, or as the runtime returns them at once."""

    def memory_use(self) -> MemoryUse:
        """Of the processes that run the model, since before it was loaded; asked after timing."""

    def environment(self) -> dict[str, Any]:
        """What is true of the place where it runs and not of this process (threads, versions); wins over the host's."""


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


class Generator(Protocol):
    """One model, loaded to write text token by token with a cache of what was before. Ends with `close`."""

    actual_device: str  # as the runtime itself names it
    device_proof: dict[str, Any]  # what the runtime says about where the work is done
    effective_precision: str  # one of records.PRECISIONS, read back from the runtime

    def prepare(self, arrays: dict[str, np.ndarray]) -> Any:
        """A prompt on the device and in its precision; outside timing."""

    def read(self, prompt: Any) -> np.ndarray:
        """Forget what was before and read the prompt. Returns the likeliest next tokens, int64 (batch, 1), when the
        host has them."""

    def write(self, tokens: np.ndarray) -> np.ndarray:
        """Append tokens, int64 (batch, 1), to what was read; the likeliest next ones, when the host has them."""

    def logits(self) -> np.ndarray:
        """What the last call chose its tokens from, float32 (batch, vocabulary); stays valid when the next one runs."""

    def close(self) -> None:
        """Free the model. The generator is not used afterwards."""


@runtime_checkable
class WritesText(Protocol):
    """What a `Backend` adds that runs decoders with a cache."""

    def generator_artefact(self, precision: str) -> str:
        """The bundle artefact a generator loads for this precision; Unsupported if there is none."""

    def load_generator(self, bundle: Bundle, device: str, precision: str, threads: int) -> Generator:
        """Raises Unsupported or BackendUnavailable, as `load` does."""
