"""Which models and hardware a report is about: the names a person typed, resolved to ids that are in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from ipfs_accel_pipeline.errors import UsageError

_SHOWN = 5  # names that are suggested, the nearest first


def select(asked: Iterable[str] | None, known: Mapping[str, Sequence[str]], what: str) -> list[str]:
    """The ids among `known` (id -> other names it goes by) that were asked for; all of them if nothing was asked.

    An empty database refuses no name: its report says what to run instead.
    """
    if asked is None:
        return sorted(known)
    asked = [name.strip() for name in asked]
    chosen = {name: _matching(name, known) for name in asked}
    missing = [name for name, ids in chosen.items() if not ids]
    if missing and known:
        raise UsageError(_not_found(missing[0], known, what))
    return sorted({identifier for ids in chosen.values() for identifier in ids})


def _matching(name: str, known: Mapping[str, Sequence[str]]) -> list[str]:
    wanted = name.casefold()
    return [identifier for identifier, names in known.items() if wanted in {n.casefold() for n in (identifier, *names)}]


def _not_found(name: str, known: Mapping[str, Sequence[str]], what: str) -> str:
    every = {n.casefold(): n for identifier, names in known.items() for n in (identifier, *names)}
    close = get_close_matches(name.casefold(), every, n=_SHOWN)
    nearest = close or get_close_matches(name.casefold(), every, n=_SHOWN, cutoff=0)
    begin = "Perhaps you meant" if close else "The nearest that it has"
    return f"The database has no {what} {name!r}. {begin}: {', '.join(every[folded] for folded in nearest)}."
