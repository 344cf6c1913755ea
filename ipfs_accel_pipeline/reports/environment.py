"""Under which circumstances the shown results were taken: every stored setting, with every value it had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ipfs_accel_pipeline.reports.figures import significant
from ipfs_accel_pipeline.reports.rows import EnvironmentFact

# These change with every measurement: their range says more than their list.
_ALWAYS_A_RANGE = ("load_average", "steal_share")


def environment_facts(environments: Iterable[Mapping[str, Any]]) -> tuple[EnvironmentFact, ...]:
    """Nested settings are joined by a dot: `versions.torch`. Settings that were never known are left out."""
    values: dict[str, set[Any]] = defaultdict(set)
    for environment in environments:
        for name, value in _flat(environment):
            values[name].add(value)
    return tuple(EnvironmentFact(name, _described(name, known)) for name, known in sorted(values.items()))


def _flat(environment: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in environment.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", ", ".join(map(str, value))
        elif value is not None:
            yield f"{prefix}{name}", value


def _described(name: str, values: set[Any]) -> tuple[str, ...]:
    if len(values) > 1 and any(part in name for part in _ALWAYS_A_RANGE):
        return (f"{significant(min(values))} to {significant(max(values))}",)
    return tuple(sorted(map(_text, values)))


def _text(value: Any) -> str:
    return significant(value) if isinstance(value, float) else str(value)
