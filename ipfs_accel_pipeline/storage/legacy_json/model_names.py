"""What the legacy files call models: hub ids, keys such as `bert`, and names of test files.

A key names a family, not a checkpoint. It becomes a checkpoint only where the original used exactly one for it; else
the row keeps the key and says which checkpoints it may have been.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_KEYS_FILE = Path(__file__).with_name("model_keys.toml")
KEY_PREFIX = "legacy-key/"
_NO_MODEL = frozenset({"", "test", "tests", "result", "results"})
_TIMES = re.compile(r"_?20\d{6}_\d{6}|_1[67]\d{8}$")
_LOCAL = re.compile(r"[/~.:\\]|[A-Za-z]:[\\/]")  # `/tmp/bert_test_model`, `::simple_model::`
_LOCAL_END = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9][A-Za-z0-9_.-]*")
_DECORATION = re.compile(
    r"^(test_)?(hf_)?|(_test_results|_test|_results|_performance|_endpoint)+$|^performance_test_skills_", re.IGNORECASE
)


class Resolved(NamedTuple):
    """A model id and, where it was not written so, how it was found."""

    model_id: str
    how: str | None
    family: str | None = None


@cache
def key_checkpoints() -> dict[str, tuple[str, ...]]:
    """Every key of the original with the hub ids it stood for."""
    return {key: tuple(ids) for key, ids in tomllib.loads(_KEYS_FILE.read_text(encoding="utf-8")).items()}


def key_in_name(name: str) -> str | None:
    """`llava` of `hf_llava_test_results.json`, `t5` of `skills/test_hf_t5.py`; None where it names none, or several."""
    base = re.split(r"[\\/]", name)[-1]
    base = re.sub(r"\.(json|py|csv).*$", "", base)
    base = _TIMES.sub("", base)
    previous = None
    while previous != base:
        previous, base = base, _DECORATION.sub("", base).strip("_")
    return None if base.casefold() in _NO_MODEL or "|" in base else base


def resolve_model(written: str, by_id: dict[str, str]) -> Resolved:
    """`by_id` maps every name that the catalogue knows (ids, short names, last segments) to its id."""
    name = written.strip()
    is_test_file = name.endswith(".py")
    if name in by_id:
        found = by_id[name]
        return Resolved(found, None if found == name else f"{name!r} is called {found} in the catalogue")
    if _LOCAL.match(name) and not is_test_file:
        return Resolved(
            KEY_PREFIX + (_LOCAL_END.findall(name) or ["unnamed"])[-1], "a model of that machine's own, no checkpoint"
        )
    if "/" in name and not is_test_file:
        return Resolved(name, None)
    key = key_in_name(name) or name
    dashed = key.lower().replace("_", "-")
    if dashed in by_id:
        return Resolved(by_id[dashed], f"{name!r} is called {by_id[dashed]} in the catalogue")
    return _of_key(name, key.lower())


def _of_key(name: str, key: str) -> Resolved:
    candidates = key_checkpoints().get(key, ())
    if len(candidates) == 1:
        return Resolved(candidates[0], f"the key {key!r} stood for this checkpoint only", key)
    if candidates:
        return Resolved(KEY_PREFIX + key, f"the key {key!r} stood for {' or '.join(candidates)}", key)
    if key in ("", "unknown", "none"):
        return Resolved("", "the file names no model")
    return Resolved(name if "-" in name else KEY_PREFIX + key, "no hub id is known for this name", key)
