"""How something ended: its object is asked for its success, then a status in words, then an exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.storage.legacy_json.marks import truth_of
from ipfs_accel_pipeline.storage.legacy_json.nodes import Node
from ipfs_accel_pipeline.storage.legacy_json.status_words import failure_status, last_line, status_of

NOTHING_SAID = "it does not say how it ended"
_CODES = ("return_code", "returncode", "exit_code")
_ERRORS = ("error", "error_message", "reason")
_LOGS = ("traceback", "stderr", "error_summary")
_ONLY_A_CODE = re.compile(r"[\w ]*\b(?:exit|return) ?code:? -?\d+\.?", re.IGNORECASE)
# They tell more than that something failed.
_TELLING = (Status.SKIPPED, Status.TIMEOUT, Status.OUT_OF_MEMORY)


class Ending(NamedTuple):
    status: Status
    error: str | None  # None where it passed


PASSED = Ending(Status.PASSED, None)


def ending(node: Node, *around: Any, words: tuple[str, ...] = ("status",), has_figures: bool = False) -> Ending | None:
    """None where nothing is said. `words` are keys whose texts may be outcomes, `around` further texts of the error.

    Figures say that it ran where nothing else says how it ended.
    """
    said = [node.value] if isinstance(node.value, str) else [node.get(key) for key in words]
    said = [text for text in said if isinstance(text, str) and text.strip()]
    statuses = [status for text in said if (status := status_of(text)) is not None]
    passed = _passed(node, statuses)
    if passed:
        return PASSED
    error = _error(node, around, [text for text in said if status_of(text) is not Status.PASSED])
    if passed is None and error is not None and _states_error(node):
        passed = False
    if passed is None:
        return PASSED if has_figures else None
    telling = next((status for status in statuses if status in _TELLING), None)
    message = error or "no reason given"
    return Ending(telling or _unavailable(node) or failure_status(message), message)


def _passed(node: Node, statuses: list[Status]) -> bool | None:
    success = truth_of(node.get("success"))
    if success is None:
        every = [truth for said in _of_suffix(node, "_success") if (truth := truth_of(said)) is not None]
        success = all(every) if every else None
    if success is None:
        success = truth_of(node.get("status"))
    if success is None and statuses:
        success = all(status is Status.PASSED for status in statuses)
    if success is None:
        code = next((node.get(key) for key in _CODES if isinstance(node.get(key), int)), None)
        success = None if code is None else code == 0
    return success


def _of_suffix(node: Node, suffix: str) -> Iterator[Any]:
    return (one.value for key, one in node.items() if key.endswith(suffix))


def _states_error(node: Node) -> bool:
    """An error that stands there is a failure even where nothing else is said; a log alone is none."""
    return any(isinstance(said, str) and said.strip() for said in (node.get("error"), *_of_suffix(node, "_error")))


def _error(node: Node, around: tuple[Any, ...], said: list[str]) -> str | None:
    """Its own error first. An exit code tells less than the last line of the log."""
    stated = (*(node.get(key) for key in _ERRORS), *_of_suffix(node, "_error"), *around)
    error = next((str(one) for one in stated if one is not None and one != "" and not isinstance(one, bool)), None)
    logs = "\n".join(text for key in _LOGS if isinstance(text := node.get(key), str))
    line = last_line(logs)
    if error and line and _ONLY_A_CODE.fullmatch(error):
        return f"{error}; {line}"
    return error or line or next(iter(said), None)


def _unavailable(node: Node) -> Status | None:
    """`hardware_unavailable` as the type of an error."""
    kind = node.at("error_type").text()
    return Status.SKIPPED if kind and kind.endswith("unavailable") else None
