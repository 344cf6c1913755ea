"""What a run shall measure: the choices of a person, checked before anything starts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ipfs_accel_pipeline.benchmark.protocol import PROFILES, find_profile
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.catalogue_file import LONGEST_SEQUENCE
from ipfs_accel_pipeline.models.weights import CHOICES
from ipfs_accel_pipeline.records import PRECISIONS
from ipfs_accel_pipeline.timing import Protocol

_LARGEST_BATCH = 65536
_SMALLEST_MEMORY_MB = 64
_MOST_NEW_TOKENS = 4096


@dataclass(frozen=True)
class RunConfig:
    """Empty `models` means the default models, empty `sequence_lengths` each model's own default.

    Empty `precisions` means fp32, or the widest precision of a device that has no fp32.
    """

    models: tuple[str, ...] = ()
    profile: str = "standard"
    precisions: tuple[str, ...] = ()
    batch_sizes: tuple[int, ...] = (1,)
    sequence_lengths: tuple[int, ...] = ()
    weights: str = "auto"  # auto: pretrained where they lie on this machine, else random; pretrained | random
    threads: int | None = None  # None: one per physical core
    memory_limit_mb: float | None = None  # MiB of one benchmark process; None: 90 % of what may be used here
    new_tokens: int | None = None  # that models which write text append to a prompt; None: the profile's; 0: none

    @property
    def protocol(self) -> Protocol:
        """The profile's, with what was asked for otherwise."""
        profile = find_profile(self.profile)
        return profile if self.new_tokens is None else replace(profile, new_tokens=self.new_tokens)

    def __post_init__(self) -> None:
        _check_choices("precision", self.precisions, PRECISIONS)
        _check_choices("profile", (self.profile,), tuple(PROFILES))
        _check_choices("kind of weights", (self.weights,), CHOICES)
        _check_positive("batch size", self.batch_sizes, _LARGEST_BATCH)
        _check_positive("sequence length", self.sequence_lengths, LONGEST_SEQUENCE)
        _check_positive("number of threads", (self.threads,) if self.threads is not None else (), 4096)
        _check_memory(self.memory_limit_mb)
        _check_new_tokens(self.new_tokens)
        if not self.batch_sizes:
            raise UsageError("Name at least one batch size.")


def _check_memory(limit_mb: float | None) -> None:
    if limit_mb is None:
        return
    if not math.isfinite(limit_mb):
        raise UsageError(f"A memory limit of {limit_mb:g} makes no sense. Without one, 90 % of memory is the limit.")
    if limit_mb < _SMALLEST_MEMORY_MB:
        raise UsageError(f"A memory limit of {limit_mb:g} MiB is too low: {_SMALLEST_MEMORY_MB} MiB is the least.")


def _check_new_tokens(new_tokens: int | None) -> None:
    if new_tokens is not None and (new_tokens == 1 or not 0 <= new_tokens <= _MOST_NEW_TOKENS):
        raise UsageError(
            f"{new_tokens} new tokens make no sense: 0 measures no generation, else it must be between 2 (the first "
            f"one is timed apart) and {_MOST_NEW_TOKENS}."
        )


def _check_choices(what: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for value in given:
        if value not in known:
            raise UsageError(f"There is no {what} {value!r}. Choose from: {', '.join(known)}.")


def _check_positive(what: str, given: tuple[int, ...], largest: int) -> None:
    for value in given:
        if not 1 <= value <= largest:
            raise UsageError(f"A {what} of {value} makes no sense: it must be between 1 and {largest}.")
