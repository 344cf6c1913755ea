"""What the objects around a finding say of it: flags, words of a mock, and warnings that were put in later.

A mark counts for everything within its object, or where it names a platform, for what was asked of that platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from ipfs_accel_pipeline.records import HardwareType
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding
from ipfs_accel_pipeline.storage.legacy_json.hardware_names import hardware_type, split_prefix
from ipfs_accel_pipeline.storage.legacy_json.marks import flag_of, own_flags, texts_of, truth_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import resolve

# Objects beside the results that describe the run; those of hardware have a member for each platform.
_DESCRIPTIONS = ("metadata", "hardware_info", "hardware", "system_info")
# What an object says of itself. Others hold logs, commands and the outcomes of its neighbours.
_OF_ITSELF = re.compile(
    r"implementation|(?:^|_)(?:type|mode|source|backend|status|notes?|message|reason)$"
    r"|^(?:comments?|description|disclaimer|warning|device_name)$"
)
_LONGEST = 300
_MISLEADING = re.compile(r"simulat|mislead|mock|fake|emulat", re.IGNORECASE)
_LISTED = "the file lists this hardware under simulated_hardware"
_WARNED = "a warning in the file says that its figures may be simulated, and not of which hardware"

Platform = HardwareType | None  # None: all of them


class Told(NamedTuple):
    """By platform, what an object and those around it say."""

    flags: dict[Platform, str]
    texts: dict[Platform, tuple[str, ...]]
    doubt: str | None = None


class Surroundings:
    """Of one document; each object is asked once."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._told: dict[str, Told] = {}

    def mark(self, finding: Finding) -> None:
        """Adds to a finding what its own object, and all around it and its figures, say."""
        is_shared = finding.hardware.unit == "prefix"  # the object is about several platforms
        if finding.pointer and not is_shared:
            mine = resolve(self._document, finding.pointer)
            finding.is_flagged = finding.is_flagged or flag_of(mine)
            finding.marks += tuple(texts_of(mine))
        platform = hardware_type(str(finding.hardware.value))
        for place in self._places(finding, is_shared):
            told = self._told.get(place) or self._tell(place)
            for about in (None, platform):
                finding.is_flagged = finding.is_flagged or told.flags.get(about)
                finding.marks += told.texts.get(about, ())
            if platform is not HardwareType.CPU:
                finding.doubt = finding.doubt or told.doubt

    def _places(self, finding: Finding, is_shared: bool) -> set[str]:
        """Of the objects around it, and around those of its figures that stand elsewhere."""
        within = f"{finding.pointer}/"
        places = {finding.pointer if is_shared or not finding.pointer else _around(finding.pointer)}
        for cited in finding.values.values():
            if not cited.pointer.startswith(within) and cited.pointer != finding.pointer:
                places.add(_around(cited.pointer))
        return places

    def _tell(self, pointer: str) -> Told:
        above = (self._told.get(_around(pointer)) or self._tell(_around(pointer))) if pointer else _NOTHING
        value = resolve(self._document, pointer)
        self._told[pointer] = told = _with_own(above, value) if isinstance(value, dict) else above
        return told


_NOTHING = Told({}, {})


def _around(pointer: str) -> str:
    return pointer.rpartition("/")[0]


def _with_own(above: Told, value: dict[str, Any]) -> Told:
    """The same object where this one says nothing of its own, as most do."""
    own_texts, listed = list(_texts(value)), list(_listed(value))
    own = [*_flags(value), *((platform, _LISTED) for platform in listed)]
    doubt = above.doubt or _doubt(value, listed)
    if not own and not own_texts and doubt is above.doubt:
        return above
    flags, texts = dict(above.flags), dict(above.texts)
    for platform, flag in own:
        flags.setdefault(platform, flag)
    for platform, found in own_texts:
        texts[platform] = (*texts.get(platform, ()), *found)
    return Told(flags, texts, doubt)


def _flags(value: dict[str, Any]) -> Iterator[tuple[Platform, str]]:
    for place in (value, *(value[name] for name in _DESCRIPTIONS if isinstance(value.get(name), dict))):
        for key, flag in own_flags(place):
            yield _of_key(key), flag
        if place is not value:
            for key, said in place.items():
                of_member = flag_of(said, depth=0) if isinstance(said, dict) else None
                if of_member and _of_key(key):
                    yield _of_key(key), of_member
    for platform, example in _examples(value):
        of_example = flag_of(example)
        if of_example:
            yield platform, of_example


def _texts(value: dict[str, Any]) -> Iterator[tuple[Platform, list[str]]]:
    metadata = value.get("metadata")
    for place in (value, metadata if isinstance(metadata, dict) else {}):
        for key, said in place.items():
            if isinstance(said, str) and len(said) <= _LONGEST and _is_of_itself(key):
                yield _of_key(key), [said]
    for platform, example in _examples(value):
        yield platform, texts_of(example)


@lru_cache(1024)  # the same few keys in most files
def _is_of_itself(key: str) -> bool:
    return _OF_ITSELF.search(key) is not None


def _examples(value: dict[str, Any]) -> Iterator[tuple[Platform, dict[str, Any]]]:
    """With the platform that each names; those that name one that is unknown are of nothing that we store."""
    examples = value.get("examples")
    for one in examples if isinstance(examples, list) else ():
        if isinstance(one, dict):
            named = one.get("platform")
            platform = hardware_type(named) if isinstance(named, str) else None
            if platform or not named:
                yield platform, one


@lru_cache(1024)
def _of_key(key: str) -> Platform:
    """The platform that a key begins with, `cuda_simulated`, or else names, `using_webgpu_simulation`."""
    words = [split[0]] if (split := split_prefix(key)) else key.casefold().split("_")
    return next((platform for word in words if (platform := hardware_type(word))), None)


def _listed(value: dict[str, Any]) -> Iterator[HardwareType]:
    """The hardware that an object calls simulated, in its own list or in those of its warnings."""
    if "simulated_hardware" not in value and "warnings" not in value:
        return
    for names in (value.get("simulated_hardware"), *(one.get("affected_hardware") for one in _warnings(value))):
        if isinstance(names, dict):
            names = [name for name, said in names.items() if truth_of(said)]
        for name in names if isinstance(names, list) else [names]:
            platform = hardware_type(name) if isinstance(name, str) else None
            if platform:
                yield platform


def _warnings(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of simulation. A warning that states no type was found only with them."""
    warnings = value.get("warnings")
    for one in warnings if isinstance(warnings, list) else [warnings]:
        if isinstance(one, str) and _MISLEADING.search(one):
            yield {}
        elif isinstance(one, dict) and ("type" not in one or any(map(_MISLEADING.search, texts_of(one)))):
            yield one


def _doubt(value: dict[str, Any], listed: list[HardwareType]) -> str | None:
    """Of all hardware but the CPU, where a warning does not say which it means."""
    if listed or not ("WARNING" in value or "warnings" in value):
        return None
    return _WARNED if value.get("WARNING") or any(True for _ in _warnings(value)) else None
