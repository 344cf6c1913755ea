"""From bytes to a parsed document, or one clear reason why not. Never half a document.

orjson reads what is well-formed. What it refuses is looked at again with the slow reader of the standard library, to
say what is wrong or, for NaN and foreign encodings, to read it after all and say so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from ipfs_accel_pipeline.storage.legacy_json.findings import LeftOut
from ipfs_accel_pipeline.storage.legacy_json.nodes import escaped

DEEPEST = 200  # levels; the deepest real result file has 12
MOST_VALUES = 4_000_000  # of one file; parsed, each takes up to 100 bytes
_SPACED_KEY = re.compile(rb'"\s+:')
_KEY_END = b'":'
_TEXT_CONTROL = frozenset(b"\t\n\r\f\b\x1b")


class Refused(Exception):  # noqa: N818 (an outcome of reading, told to the user)
    """This file cannot be read; the message says why."""


@dataclass(frozen=True)
class Document:
    """A parsed file. `problems` are values that could not be taken as they stand."""

    value: Any
    problems: list[LeftOut] = field(default_factory=list)
    encoding: str = "utf-8"


def parse(data: bytes) -> Document:
    """The document, or Refused."""
    if not data.strip():
        raise Refused("the file is empty")
    _refuse_many(data)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _parse_slowly(data, error)
    if _may_repeat_keys(data, value):
        return _parse_slowly(data, None)
    return Document(value)


def _refuse_many(data: bytes) -> None:
    """Before they are parsed: `{},{},` takes 24 times its size in memory."""
    if len(data) <= MOST_VALUES:
        return
    values = sum(map(data.count, (b",", b"{", b"[")))
    if values > MOST_VALUES:
        raise Refused(f"about {values} values; {MOST_VALUES} is the most for one file: split it")


def _may_repeat_keys(data: bytes, value: Any) -> bool:
    """Cheap and never false for a file that repeats a key: orjson keeps the last of two without a word."""
    try:
        if data.count(_KEY_END) != orjson.dumps(value).count(_KEY_END):
            return True
    except orjson.JSONEncodeError:  # deeper than it writes: the slow reader says how deep
        return True
    return _SPACED_KEY.search(data) is not None


def _parse_slowly(data: bytes, first_error: Exception | None) -> Document:
    text, encoding = _decode(data)
    _refuse_deep(text)
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in items:
            if key in found and found[key] != item:
                repeated.append(key)
            found[key] = item
        return found

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except RecursionError:
        raise Refused(f"nested deeper than {DEEPEST} levels") from None
    except ValueError as error:
        raise Refused(_what_is_wrong(text, error)) from error
    if repeated:
        names = ", ".join(sorted(set(repeated))[:5])
        raise Refused(f"a key occurs twice with different values ({names}): which one holds is unknown")
    problems = list(_take_out_not_finite(value))
    if encoding != "utf-8":
        problems.append(LeftOut("", f"read as {encoding}, which the file does not state"))
    return Document(value, problems, encoding)


def _decode(data: bytes) -> tuple[str, str]:
    encoding = json.detect_encoding(data)
    if encoding == "utf-8" and _is_binary(data[:4096]):
        raise Refused("binary data, not JSON text")
    try:
        return data.decode(encoding), "utf-8" if encoding.startswith("utf-8") else encoding
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise Refused(f"neither text nor {encoding}: {error.reason}") from error
    # Windows wrote some of these files; a wrong letter in a path or message changes no number.
    return data.decode("latin-1"), "latin-1"


def _is_binary(start: bytes) -> bool:
    control = sum(byte < 32 and byte not in _TEXT_CONTROL for byte in start)
    return b"\0" in start or control > len(start) / 20


def _refuse_deep(text: str) -> None:
    """Before the recursive reader: it would use up the stack."""
    depth = deepest = 0
    for character in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    if deepest > DEEPEST:
        raise Refused(f"nested {deepest} levels deep; {DEEPEST} is the most that is read")


def _what_is_wrong(text: str, error: ValueError) -> str:
    position = getattr(error, "pos", None)
    if position is not None and not text[position:].strip():
        return f"truncated: the text ends within a value, at character {position}"
    if str(error).startswith("Extra data") and text.lstrip().startswith(("{", "[")):
        return f"more than one JSON document: a second one begins at character {position}; give each a file of its own"
    if not text.lstrip().startswith(("{", "[", '"')):
        return f"not JSON: it begins with {text.strip()[:30]!r}"
    return f"broken JSON: {error}"


def _take_out_not_finite(value: Any, pointer: str = "") -> Iterator[LeftOut]:
    """NaN and infinity are no JSON and no measurement: they become unknown, each with its place."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(members):
        place = f"{pointer}/{escaped(key)}"
        if isinstance(item, float) and not math.isfinite(item):
            value[key] = None
            yield LeftOut(place, f"{item} is no measurement: taken as unknown")
        else:
            yield from _take_out_not_finite(item, place)
