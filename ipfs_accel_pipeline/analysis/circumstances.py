"""What else was different: the versions, driver, model, host and settings on the two sides of a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# These differ with every test and explain nothing by being different.
_RESTLESS = ("load_average_1m", "steal_share")
_ABSENT = "absent"


def differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[dict[str, str | int | float | bool]]:
    """One entry {"what", "before", "after"} for each circumstance whose usual value is another one afterwards.

    A few tests of each side are given, nearest to the change first: the place of a change is uncertain by a point or
    two, and one stray test must not explain it. What is known on one side only is reported as absent on the other,
    unless nothing at all is known of that side.
    """
    usual_before, usual_after = _usual(before), _usual(after)
    if not usual_before or not usual_after:
        return []
    names = sorted(usual_before.keys() | usual_after.keys())
    sides = [(name, usual_before.get(name, _ABSENT), usual_after.get(name, _ABSENT)) for name in names]
    found = [{"what": name, "before": old, "after": new} for name, old, new in sides if old != new]
    named = [(one["before"], one["after"]) for one in found if one["what"].startswith("versions.")]
    # The version of the endpoint's runtime stands among the versions by its name: once is enough.
    return [one for one in found if one["what"] != "backend_version" or (one["before"], one["after"]) not in named]


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """What `differences` found, in one line."""
    parts = [f"{one['what']}: {one['before']} → {one['after']}" for one in found]
    return "; ".join(parts) or "nothing that is recorded"


def _usual(tests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The most frequent known value of each circumstance; of two as frequent ones the nearer to the change."""
    seen: dict[str, Counter[Any]] = {}
    for test in tests:
        for name, value in _flat(test):
            seen.setdefault(name, Counter())[value] += 1
    return {name: values.most_common(1)[0][0] for name, values in seen.items()}


def _flat(circumstances: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested ones joined by a dot: `versions.onnxruntime`. The environment's own names stand for themselves."""
    for name, value in circumstances.items():
        if name in _RESTLESS or value is None:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, "" if name == "environment" else f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str | int | float | bool) else str(value)
