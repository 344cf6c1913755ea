"""Where an object itself says that what it tells was no real run: flags, and texts in which rules look for mocks."""

from __future__ import annotations

import re
from typing import Any

_SIMULATED = re.compile(r"(^|_)(is_simulat(ed|ion)|simulated|simulation_mode|is_mock)$")
_REAL = re.compile(r"^is_real(_hardware|_implementation)?$|^real_hardware$")
_REASONS = ("simulation_reason", "simulation_details", "simulation_warning")
_NAMES = frozenset({"model_name", "model", "model_id", "test_file", "source_file"})
_LONGEST = 300  # a mark stands near the beginning
_DEEPEST = 3
WORDS = {"true": True, "false": False, 1: True, 0: False}  # 1 and 0 are also True and False


def flag_of(value: Any, depth: int = _DEEPEST) -> str | None:
    """What an object, or one within, says of being simulated; None where nothing says so."""
    if not isinstance(value, dict):
        return None
    for key, said in value.items():
        if isinstance(said, dict):
            found = flag_of(said, depth - 1) if depth else None
        # Most keys have no hint; the patterns are slow.
        elif isinstance(said, (bool, int, str)) and ("simulat" in key or "real" in key or "mock" in key):
            found = _flag(key, said, value)
        else:
            continue
        if found:
            return found
    return None


def _flag(key: str, said: Any, place: dict[str, Any]) -> str | None:
    if key == "simulation_version":
        return f"it is the outcome of a simulation (simulation_version {said})"
    truth = WORDS.get(said)
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
