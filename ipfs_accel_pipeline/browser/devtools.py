"""The remote control of a browser: JSON messages over a pair of pipes, each ended by a zero byte.

A pipe rather than a port, because nobody else can connect to it, and a browser ends itself when its pipe is closed.
"""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

_CRASHES = ("Inspector.targetCrashed", "Target.targetCrashed")


class BrowserGoneError(RuntimeError):
    """The browser, or the process that showed the page, has died."""


class NoAnswerError(TimeoutError):
    """The browser or its page did not answer in time."""


class RefusedError(RuntimeError):
    """The browser understood and said no."""


class DevTools:
    """One request at a time may be waited for; others may be under way."""

    def __init__(self, write_to: int, read_from: int) -> None:
        self._write_to = write_to
        self._read_from = read_from
        self._buffer = b""
        self._last_id = 0
        self._answers: dict[int, dict[str, Any]] = {}

    def call(self, method: str, timeout_s: float, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The result; RefusedError with the browser's own words, NoAnswerError or BrowserGoneError."""
        answer = self.wait(self.send(method, session, **parameters), timeout_s)
        if answer is None:
            raise NoAnswerError(f"the browser did not answer {method} within {timeout_s:g} s")
        return answer

    def send(self, method: str, session: str | None = None, **parameters: Any) -> int:
        self._last_id += 1
        message: dict[str, Any] = {"id": self._last_id, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        text = json.dumps(message).encode() + b"\0"
        try:
            while text:
                text = text[os.write(self._write_to, text) :]
        except OSError as error:
            raise BrowserGoneError("the browser has closed its pipe") from error
        return self._last_id

    def wait(self, request: int, timeout_s: float) -> dict[str, Any] | None:
        """The answer to `request`, or None if there is none within this time: it may be waited for again."""
        deadline = time.monotonic() + timeout_s
        while request not in self._answers:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._read(left)
        answer = self._answers.pop(request)
        if "error" in answer:
            raise RefusedError(f"the browser refused: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def close(self) -> None:
        os.close(self._write_to)
        os.close(self._read_from)

    def _read(self, timeout_s: float) -> None:
        ready, _, _ = select.select([self._read_from], [], [], timeout_s)
        if not ready:
            return
        data = os.read(self._read_from, 2**16)
        if not data:
            raise BrowserGoneError("the browser has ended")
        *messages, self._buffer = (self._buffer + data).split(b"\0")
        for message in messages:
            self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif message["method"] in _CRASHES:
            raise BrowserGoneError("the browser's process for the page has crashed or was killed")
