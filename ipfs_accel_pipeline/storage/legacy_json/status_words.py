"""The words in which legacy files say how something ended."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ipfs_accel_pipeline.records import Status

_PASSED = re.compile(r"^\s*(success|passed|pass|completed|ok|real)\b", re.IGNORECASE)
_ABSENT = re.compile(r"not available|not found on|unavailable|not supported|unknown|skipped|not tested", re.IGNORECASE)
_MEMORY = re.compile(r"out of memory|OutOfMemory|MemoryError|cannot allocate memory", re.IGNORECASE)
_TIMEOUT = re.compile(r"\btime[d]?[ _-]?out\b", re.IGNORECASE)
_FAILED = re.compile(r"^\s*(error|fail|exception|crash)|\bfailed\b|\berror\b", re.IGNORECASE)
_HARDWARE = (
    r"(?:nvidia|cuda|amd|rocm|hip|apple|silicon|mps|metal|intel|openvino|qualcomm|qnn|ai|engine|webnn|webgpu|gpus?|npus?"
    r"|hardware|platform|device|backend|the|is|are) "
)
# Nothing but that there is no such hardware: in a longer message the same words may be of anything.
_NO_SUCH_HARDWARE = re.compile(
    rf"\W*(?:\w*error: )?(?:(?:{_HARDWARE})*(?:not available|unavailable|not supported)"
    rf"|(?:{_HARDWARE})+not (?:found|detected)|no (?:{_HARDWARE})+(?:available|found|detected))"
    r"(?: (?:on|in) [\w ]+)?\W*",
    re.IGNORECASE,
)
# The test script itself was broken: nothing of the model was ever run.
_HARNESS = re.compile(
    r"\b(?:SyntaxError|IndentationError|TabError|ImportError|ModuleNotFoundError)\b"
    # The same as an exception prints them.
    r"|\b[Ll]ibrar(?:y|ies) not available|Missing required modules?:"
    r"|No module named '|cannot import name '|invalid syntax|unexpected indent|expected an indented block"
    r"|\(\S+\.py, line \d+\)|module 'test_\w+' has no attribute"
    r"|'Test\w*' object has no attribute|TestCase\.__init__\(\)|No such file or directory: '[^']*test_"
    r"|\bname '\w+' is not defined"
    r"|takes \d+ positional arguments? but"
    r"|can't open file|unterminated (?:string|triple)|error: (?:argument|unrecognized|the following arguments)",
)
# The same few words stand in most files; longer texts differ.
_SHORT = 100
_NO_OUTCOMES = ("output", "response", "transcription", "text", "result", "type", "version")


def status_of(text: str) -> Status | None:
    """None for a text that is no outcome (an output, a shape)."""
    return _status_of_short(text) if len(text) <= _SHORT else _status_of(text)


def _status_of(text: str) -> Status | None:
    if _PASSED.match(text):
        return Status.PASSED
    if _ABSENT.search(text):
        return Status.SKIPPED
    if _MEMORY.search(text):
        return Status.OUT_OF_MEMORY
    if _TIMEOUT.search(text):
        return Status.TIMEOUT
    return Status.ERROR if _FAILED.search(text) else None


_status_of_short = lru_cache(1024)(_status_of)


def is_outcome(key: str, text: str) -> bool:
    """`cpu_output` and its like are answers of the model, which may hold any word; versions are no outcomes either."""
    return not key.endswith(_NO_OUTCOMES) and status_of(text) is not None


def failure_status(message: str | None) -> Status:
    """The status of something that failed with this message: skipped where it says only that the hardware is absent."""
    if message and len(message) <= _SHORT and _NO_SUCH_HARDWARE.fullmatch(message):
        return Status.SKIPPED
    found = status_of(message or "")
    return found if found not in (None, Status.PASSED, Status.SKIPPED) else Status.ERROR


def harness_failure(*texts: Any) -> str | None:
    """The words that show that the test script, not the model, failed."""
    for text in texts:
        if isinstance(text, str) and text:
            found = _harness_words_short(text) if len(text) <= _SHORT else _harness_words(text)
            if found is not None:
                return found
    return None


def _harness_words(text: str) -> str | None:
    found = _HARNESS.search(text)
    return found[0] if found else None


_harness_words_short = lru_cache(1024)(_harness_words)


def last_line(text: str | None) -> str | None:
    """The line of a traceback that says what happened."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else None
