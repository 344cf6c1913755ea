"""Where an object itself says that what it tells was no real run: flags, and texts in which rules look for mocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

# The words of a key, such as `is_simulated`, `usingSimulation` and `cuda_mock`.
_KEY_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SIMULATED = frozenset(
    {"simulated", "simulation", "simulate", "mock", "mocked", "fake", "faked", "emulated", "emulation"}
)
# They may also be said of an input, so they count only where nothing else is named.
_MADE_UP = frozenset({"synthetic", "dummy", "placeholder"})
# What may be, is looked for or is kept out, and what only the input is.
_SAYS_LESS = frozenset(
    {"no", "not", "non", "without", "disable", "disabled", "exclude", "excluded", "skip", "skipped", "ignore", "never"}
    | {"allow", "allowed", "available", "can", "support", "supported", "supports", "detect", "detection", "check"}
    | {"input", "inputs", "image", "images", "audio", "text", "prompt", "prompts", "dataset"}
)
_REAL = re.compile(
    r"^(?:(?:is|used?|uses|using)_)?real(?:_(?:hardware|implementation|device|browser|model|inference))?$"
)
_A_FLAG = re.compile(r"^is|(?:^|_)(?:simulated|simulation_mode|simulated_hardware)$|real", re.IGNORECASE)
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
        if isinstance(said, (bool, int, str)):
            when = _simulated_when(key)
            found = _flag(key, said, when, value) if when is not None else None
            if found:
                yield key, found


@lru_cache(4096)  # the same few keys in most files
def _simulated_when(key: str) -> bool | None:
    """The truth that a flag of this name has where something is simulated; None for any other key."""
    if key == "simulation_version":
        return True
    words = [word.casefold() for word in _KEY_WORDS.findall(key)]
    if _REAL.match("_".join(words)):
        return False
    named = frozenset(words)
    is_made_up = bool(named & _MADE_UP) and named <= _MADE_UP | {"is"}
    return True if is_made_up or (named & _SIMULATED and not named & _SAYS_LESS) else None


def _flag(key: str, said: Any, when: bool, place: dict[str, Any]) -> str | None:
    if key == "simulation_version":
        return f"it is the outcome of a simulation (simulation_version {said})"
    # A plain 1 may also count something, `mock_tests`.
    is_number = isinstance(said, int) and not isinstance(said, bool)
    if truth_of(said) is not when or (is_number and not _A_FLAG.search(key)):
        return None
    why = next((place[name] for name in _REASONS if place.get(name)), None)
    return f"it is marked as simulated ({why or f'{key} is {said}'})"


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
