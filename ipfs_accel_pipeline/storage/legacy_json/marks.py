"""Where an object itself says that what it tells was no real run: flags, and texts in which rules look for mocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_SIMULATED = re.compile(r"(^|_)(is_simulat(ed|ion)|simulated|simulation_mode|simulated_hardware|is_mock)$")
_REAL = re.compile(r"^is_real(_hardware|_implementation)?$|^real_hardware$")
_REASONS = ("simulation_reason", "simulation_details", "simulation_warning")
_NAMES = frozenset({"model_name", "model", "model_id", "test_file", "source_file"})
_LONGEST = 300  # a mark stands near the beginning
_DEEPEST = 3
# 1 and 0 are also True and False
WORDS = {"true": True, "false": False, "yes": True, "no": False, 1: True, 0: False}


def truth_of(said: Any) -> bool | None:
    """True or false, as a word or a number; None for anything else."""
    if isinstance(said, str):
        return WORDS.get(said.strip().casefold())
    return WORDS.get(said) if isinstance(said, int) else None


def flag_of(value: Any, depth: int = _DEEPEST) -> str | None:
    """What an object, or one within, says of being simulated; None where nothing says so."""
    if not isinstance(value, dict):
        return None
    for _, flag in own_flags(value):
        return flag
    if depth:
        for said in value.values():
            found = flag_of(said, depth - 1) if isinstance(said, dict) else None
            if found:
                return found
    return None


def own_flags(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The key of every flag that stands in an object itself, and what it says of being simulated."""
    for key, said in value.items():
        # Most keys have no hint; the patterns are slow.
        if isinstance(said, (bool, int, str)) and ("simulat" in key or "real" in key or "mock" in key):
            found = _flag(key, said, value)
            if found:
                yield key, found


def _flag(key: str, said: Any, place: dict[str, Any]) -> str | None:
    if key == "simulation_version":
        return f"it is the outcome of a simulation (simulation_version {said})"
    truth = truth_of(said)
    if (_SIMULATED.search(key) and truth is True) or (_REAL.search(key) and truth is False):
        why = next((place[name] for name in _REASONS if place.get(name)), None)
        return f"it is marked as simulated ({why or f'{key} is {said}'})"
    return None


def texts_of(value: Any) -> list[str]:
    """All texts in an object, shortened, but not names: a model may be called anything."""
    found: list[str] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value[:_LONGEST])
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (str, dict, list)) and key not in _NAMES:
                _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, (str, dict, list)):  # of the runs' times there may be thousands
                _collect(item, found)
