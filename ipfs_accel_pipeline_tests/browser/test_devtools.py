from __future__ import annotations

import json
import os
import threading

import pytest

from ipfs_accel_pipeline.browser.devtools import BrowserGoneError, DevTools, NoAnswerError, RefusedError


class FakeBrowser:
    """The other end of the pipes: answers each request with the next of the given messages."""

    def __init__(self, *answers):
        self._requests, to_browser = os.pipe()
        from_browser, self._replies = os.pipe()
        self.devtools = DevTools(to_browser, from_browser)
        self.seen = []
        self._answers = answers
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        for answer in self._answers:
            text = b""
            while not text.endswith(b"\0"):
                text += os.read(self._requests, 4096)
            self.seen.append(json.loads(text[:-1]))
            if answer is None:
                os.close(self._replies)
                return
            for part in answer:
                os.write(self._replies, part)


def message(**fields):
    return json.dumps(fields).encode() + b"\0"


def test_the_answer_to_a_call_is_its_result():
    browser = FakeBrowser([message(id=1, result={"product": "Chrome/1"})])
    assert browser.devtools.call("Browser.getVersion", 5, verbose=True) == {"product": "Chrome/1"}
    assert browser.seen == [{"id": 1, "method": "Browser.getVersion", "params": {"verbose": True}}]


def test_answers_may_come_in_pieces_and_after_events():
    whole = message(id=1, result={"ok": 1})
    browser = FakeBrowser([message(method="Target.targetCreated") + whole[:5], whole[5:]])
    assert browser.devtools.call("Any", 5) == {"ok": 1}


def test_what_the_browser_refuses_is_an_error_with_its_words():
    browser = FakeBrowser([message(id=1, error={"message": "no such target"})])
    with pytest.raises(RefusedError, match="no such target"):
        browser.devtools.call("Any", 5)


def test_no_answer_in_time_is_said_and_may_still_come():
    browser = FakeBrowser([], [message(id=1, result={"late": True}), message(id=2, result={})])
    with pytest.raises(NoAnswerError, match=r"did not answer Slow within 0\.05 s"):
        browser.devtools.call("Slow", 0.05)
    assert browser.devtools.call("Next", 5) == {}
    assert browser.devtools.wait(1, 5) == {"late": True}


def test_a_closed_pipe_means_the_browser_is_gone():
    with pytest.raises(BrowserGoneError, match="has ended"):
        FakeBrowser(None).devtools.call("Any", 5)


def test_a_crash_of_the_page_is_noticed_while_waiting():
    with pytest.raises(BrowserGoneError, match="crashed or was killed"):
        FakeBrowser([message(method="Target.targetCrashed", params={})]).devtools.call("Any", 5)
