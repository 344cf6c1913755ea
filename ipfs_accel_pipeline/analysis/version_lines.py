"""Which tests of one case make one history, where more than one version of its model was measured.

Versions that follow one another are one line: that another one began is then what may explain a change. Versions that
are measured by turns (weights of two sources, every night) are a line each, or one would be the other's noise. The line
of a version that began beside another starts with the tests before it, so that it is judged against what it follows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

# Changes from one of two versions to the other. Fewer are a version that was taken back, and perhaps tried once more.
_TURNS_OF_TWO_LINES = 4


@dataclass(frozen=True)
class Line:
    """Positions of tests, oldest first; `tests[:begins]` belong to the line from which this one branched off."""

    tests: tuple[int, ...]
    begins: int = 0


def lines_of(versions: Sequence[Hashable]) -> list[Line]:
    """The lines of one case, the oldest first. `versions` has the version of each test, oldest test first.

    None is a test whose version is not known (nothing could be prepared): it belongs to the version before it.
    """
    known = _filled(versions)
    groups = _groups(known)
    lines: list[Line] = []
    for number, group in enumerate(groups):
        own = [place for place, version in enumerate(known) if version in group]
        shared: list[int] = []
        if number:
            parent = next(index for index, other in enumerate(groups) if known[own[0] - 1] in other)
            shared = [place for place in lines[parent].tests if place < own[0]]
        lines.append(Line((*shared, *own), len(shared)))
    return lines


def _filled(versions: Sequence[Hashable]) -> list[Hashable]:
    last = next((version for version in versions if version is not None), None)
    filled: list[Hashable] = []
    for version in versions:
        last = last if version is None else version
        filled.append(last)
    return filled


def _groups(versions: Sequence[Hashable]) -> list[set[Hashable]]:
    """Each version joins the line that ran last before it, unless it takes turns with a version of that line."""
    places: dict[Hashable, list[int]] = {}
    for place, version in enumerate(versions):
        places.setdefault(version, []).append(place)
    if sum(old != new for old, new in pairwise(versions)) < _TURNS_OF_TWO_LINES:
        return [set(places)]
    groups: list[set[Hashable]] = []
    for version, own in places.items():
        ran_before = {one: place for place, one in enumerate(versions[: own[0]])}
        latest_first = sorted(groups, key=lambda group: -max(ran_before[one] for one in group))
        free = (group for group in latest_first if not any(_by_turns(own, places[one]) for one in group))
        home = next(free, None)
        if home is None:
            groups.append({version})
        else:
            home.add(version)
    return groups


def _by_turns(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether tests of the two alternated too often for one to follow the other. Tests of others are left aside."""
    if one[-1] < other[0] or other[-1] < one[0]:
        return False
    whose = [owner for _, owner in sorted([*((place, 0) for place in one), *((place, 1) for place in other)])]
    return sum(old != new for old, new in pairwise(whose)) >= _TURNS_OF_TWO_LINES
