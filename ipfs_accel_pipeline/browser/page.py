"""The benchmark page in a browser of its own, as Python sees it: call a method of its worker and wait for the answer.

While an answer is awaited the page is asked for a sign of life, so that a hung or killed page is told from slow work.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.browser.devtools import NoAnswerError, RefusedError
from ipfs_accel_pipeline.browser.process import START_TIMEOUT_S, Browser
from ipfs_accel_pipeline.browser.server import PageServer
from ipfs_accel_pipeline.errors import BackendUnavailable

_ATTACH_TIMEOUT_S = 10.0
_BEAT_EVERY_S = 5.0
_BEAT_TIMEOUT_S = 20.0
# Below the 300 s after which the quickest profile has the whole process killed: this end has the better reason.
DEFAULT_TIMEOUT_S = 270.0


class MethodFailedError(RuntimeError):
    """A method of the worker has thrown; the browser and its page are well."""


class Page:
    """Opens the browser, the server and the page; `close` ends all three."""

    def __init__(self, browser: Path, flags: Sequence[str] = (), start_timeout_s: float = START_TIMEOUT_S) -> None:
        self.server = PageServer()
        try:
            self.browser = Browser(browser, flags, start_timeout_s)
        except BaseException:
            self.server.close()
            raise
        try:
            self._session = self._attach()
            self.facts = self._wait_until_loaded(start_timeout_s)
            self._require_jspi()
        except BaseException:
            self.close()
            raise

    def call(self, method: str, argument: dict[str, Any] | None = None, timeout_s: float = DEFAULT_TIMEOUT_S) -> Any:
        """What the worker's method returns; MethodFailedError with its message if it throws."""
        expression = f"harness.call({json.dumps(method)}, {json.dumps(argument or {})})"
        return self.evaluate(expression, method, timeout_s)

    def probe(self, timeout_s: float) -> dict[str, Any]:
        """What the browser can really do; see `web/probe.js`."""
        found: dict[str, Any] = self.evaluate("harness.probe()", "probe", timeout_s)
        return found

    def evaluate(self, expression: str, what: str, timeout_s: float) -> Any:
        """The value of an expression that promises `{value}` or `{error}`."""
        request = self._send(expression)
        deadline = time.monotonic() + timeout_s
        while (answer := self.browser.devtools.wait(request, _BEAT_EVERY_S)) is None:
            if time.monotonic() > deadline:
                raise NoAnswerError(f"{what} did not end within {timeout_s:g} s in the browser; the page still answers")
            self._beat(what)
        return _value(answer, what)

    def close(self) -> None:
        self.browser.close()
        self.server.close()

    def _attach(self) -> str:
        devtools = self.browser.devtools
        devtools.call("Target.setDiscoverTargets", _ATTACH_TIMEOUT_S, discover=True)  # tells of a crash of the page
        target = devtools.call("Target.createTarget", _ATTACH_TIMEOUT_S, url=f"{self.server.root}/page.html")[
            "targetId"
        ]
        attached = devtools.call("Target.attachToTarget", _ATTACH_TIMEOUT_S, targetId=target, flatten=True)
        return str(attached["sessionId"])

    def _wait_until_loaded(self, timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(RefusedError):  # while it navigates there is nothing to evaluate in
                answer = self._value_now("globalThis.harness ? harness.facts() : null")
                if answer is not None:
                    facts: dict[str, Any] = answer
                    return facts
            time.sleep(0.05)
        raise NoAnswerError(f"the benchmark page did not load within {timeout_s:g} s")

    def _require_jspi(self) -> None:
        """The build of onnxruntime-web that ships here waits for promises out of WebAssembly."""
        if not self.facts["jspi"]:
            raise BackendUnavailable(
                f"{self.browser.product} has no JSPI (WebAssembly.Suspending). Take Chrome or Edge 137 or newer."
            )

    def _beat(self, what: str) -> None:
        try:
            self._value_now("harness.phase()")
        except NoAnswerError as error:
            raise NoAnswerError(
                f"during {what} the page gave no sign of life for {_BEAT_TIMEOUT_S:g} s: it hangs"
            ) from error

    def _value_now(self, expression: str) -> Any:
        request = self._send(expression)
        answer = self.browser.devtools.wait(request, _BEAT_TIMEOUT_S)
        if answer is None:
            raise NoAnswerError(f"the page did not answer within {_BEAT_TIMEOUT_S:g} s")
        return answer["result"].get("value")

    def _send(self, expression: str) -> int:
        return self.browser.devtools.send(
            "Runtime.evaluate", self._session, expression=expression, awaitPromise=True, returnByValue=True
        )


def _value(answer: dict[str, Any], what: str) -> Any:
    if "exceptionDetails" in answer:
        raise RuntimeError(f"{what} failed in the page: {answer['exceptionDetails'].get('exception', {})}")
    outcome = answer["result"]["value"]
    if "error" in outcome:
        raise MethodFailedError(f"{what} failed in the browser: {outcome.get('name', 'Error')}: {outcome['error']}")
    return outcome["value"]
