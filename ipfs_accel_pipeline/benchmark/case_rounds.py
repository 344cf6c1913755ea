"""The rounds of one case and what they say together: whether it passed, which of them count, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from statistics import fmean

from ipfs_accel_pipeline.benchmark.known_values import largest, median_of_medians
from ipfs_accel_pipeline.benchmark.statistics import Summary, noise_reasons, summarize
from ipfs_accel_pipeline.identity import row_id
from ipfs_accel_pipeline.records import Case, Generation, Observation, Status, rounds_that_count

_EVERY_ROUND_SLOW = "every round fell into a slow phase of the host"


class CaseRounds:
    """The rounds of one case."""

    def __init__(self, case: Case, rounds: Sequence[Observation], run_id: str) -> None:
        self.case = case
        self.rounds = sorted(rounds, key=lambda one: one.round_index)
        self.run_id = run_id
        self.test_id = row_id("test", run_id, *asdict(case).values())
        self.failure = next((one for one in self.rounds if one.status is not Status.PASSED), None)
        self.passed = self.failure is None
        self.all_slow = all(one.is_slow_phase for one in self.rounds)
        self.used = rounds_that_count(self.rounds)
        self.first = self.rounds[0]
        self.decisive = self.failure or self.first

    @cached_property
    def summary(self) -> Summary:
        return summarize([one.latencies_ms for one in self.used])

    @cached_property
    def noise(self) -> list[str]:
        """Why the numbers are to be taken with care."""
        series = [one.latencies_ms for one in self.used]
        reasons = noise_reasons(series, [one.interval_target_met for one in self.used], self.summary)
        return reasons + ([_EVERY_ROUND_SLOW] if self.all_slow else [])

    @property
    def memory_peak_mb(self) -> float | None:
        """Device memory where the device has its own, else the process's peak above its baseline."""
        device = largest(one.device_memory_peak_mb for one in self.rounds)
        return device if device is not None else largest(one.memory_peak_mb for one in self.rounds)

    @cached_property
    def generations(self) -> list[Generation]:
        """Of the rounds that count; none if one of all the rounds has a reason not to."""
        found = [one.generation for one in self.rounds if one.generation is not None]
        counted = [one.generation for one in self.used if one.generation is not None]
        return [] if any(one.reason for one in found) else counted

    @cached_property
    def generation_noise(self) -> list[str]:
        """Why the times of written text are to be taken with care, by the rules for latencies."""
        series = [[one for text in written.later_token_ms for one in text] for written in self.generations]
        targets = [written.interval_target_met for written in self.generations]
        reasons = noise_reasons(series, targets, summarize(series)) if series else []
        return reasons + ([_EVERY_ROUND_SLOW] if series and self.all_slow else [])

    @property
    def time_to_first_token_ms(self) -> float | None:
        return median_of_medians(one.first_token_ms for one in self.generations)

    @property
    def time_per_output_token_ms(self) -> float | None:
        """The mean within a text, the median over the texts of a round and over the rounds."""
        return median_of_medians([fmean(text) for text in one.later_token_ms] for one in self.generations)

    @property
    def tokens_per_second(self) -> float | None:
        """Of the whole batch while it writes: reading the prompt is no part of it."""
        per_token_ms = self.time_per_output_token_ms
        return self.case.batch_size / per_token_ms * 1e3 if per_token_ms else None
