"""What a legacy file says, in our words, with the place of every value. Nothing here is a table row yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from ipfs_accel_pipeline.records import Status


class Grade(StrEnum):
    """How far a statement may be believed. Ordered: the worst mark that a rule gives is the grade."""

    MEASURED = "measured"  # a clock or an exit code of a real process
    CLAIMED = "claimed"  # somebody wrote that it was so
    DERIVED = "derived"  # computed from other files
    HAND_WRITTEN = "hand-written"  # typed by a person or a constant in the code
    SIMULATED = "simulated"  # a mock, a simulation, a browser that was never opened


SEVERITY = {grade: level for level, grade in enumerate(Grade)}
# Nothing ran: what such a row says of success is not repeated.
NOTHING_RAN = frozenset({Grade.HAND_WRITTEN, Grade.SIMULATED})


class Cited(NamedTuple):
    """A value in our unit, and where in the document it stands in which unit. `raw` is what stands there."""

    value: Any
    pointer: str
    unit: str
    raw: Any


@dataclass(slots=True)
class Finding:
    """One outcome: a model, on what was asked for, with whatever the file knows of it."""

    pointer: str  # of the object that says it
    model: Cited
    hardware: Cited  # as written; what was requested
    status: Status
    prior: Grade  # of this shape, before the rules look
    prior_reason: str
    label: str = "test"  # tells findings of one model on one platform apart: pipeline, from_pretrained, ...
    actual_device: Cited | None = None
    endpoint: Cited | None = None
    error_message: str | None = None
    timestamp: Cited | None = None
    # By column name, or by a name of their own; what is no number by its pointer, with None as value.
    values: dict[str, Cited] = field(default_factory=dict)
    latencies: Cited | None = None  # per run, milliseconds
    marks: tuple[str, ...] = ()  # texts in which MOCK and simulation are looked for
    is_flagged: str | None = None  # the file itself says that this is simulated
    doubt: str | None = None  # why this is a claim at most
    device_name: str | None = None
    hostname: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ModelClaim:
    """A model that a file names with its family; never overwrites what is known."""

    pointer: str
    name: str
    family: str | None
    modality: str | None = None
    size: str | None = None
    parameters_million: float | None = None


@dataclass(slots=True)
class PlatformClaim:
    """A device that a file describes."""

    pointer: str
    hardware: str
    device_name: str | None
    timestamp: Cited | None = None
    memory_mb: float | None = None
    compute_units: int | None = None
    driver_version: str | None = None
    hostname: str | None = None
    unavailable_reason: str | None = None
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class LeftOut:
    """Part of a file that becomes no row, and why."""

    pointer: str
    reason: str


Statement = Finding | ModelClaim | PlatformClaim | LeftOut
