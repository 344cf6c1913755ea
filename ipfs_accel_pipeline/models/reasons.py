"""What of a library's error a person is told: the line that says what is wrong, short enough for a table."""

from __future__ import annotations

import re

_LONGEST = 300
# OpenVINO begins with places in its own source, each on a line, and ONNX Runtime has one with a signature in its line.
_PLACE = re.compile(r"(Exception from|Check '.*' failed at) \S+:\d+:|FrontEnd API failed with \w+:")
_PLACE_WITHIN = re.compile(r"/onnxruntime_src/\S+:\d+ [^()]*\([^()]*\)")


def telling_line(error: BaseException) -> str:
    """The first line, with the next where it ends in a colon; where it is a place in the library's source, what is said
    beside places."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not _PLACE.fullmatch(line)]
    if told and len(told) < len(lines):
        text = " ".join(told)
    else:
        text = " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else type(error).__name__
    return _PLACE_WITHIN.sub("", text)[:_LONGEST]


def reason_of(error: BaseException) -> str:
    """The same with the type of the error."""
    kind, line = type(error).__name__, telling_line(error)
    return kind if line == kind else f"{kind}: {line}"[:_LONGEST]
