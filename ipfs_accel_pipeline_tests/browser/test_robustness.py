"""A real browser that is killed, hangs or is no browser: what is told, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.browser import page as page_module
from ipfs_accel_pipeline.browser.devtools import BrowserGoneError, NoAnswerError
from ipfs_accel_pipeline.browser.page import Page
from ipfs_accel_pipeline.errors import BackendUnavailable
from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline_tests.browsers import CHROMIUM, needs_browser, remains

pytestmark = [pytest.mark.slow, needs_browser]

VICTIMS = "ipfs_accel_pipeline_tests.browser.victims"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _nothing_is_left():
    before = remains()
    yield
    deadline = time.monotonic() + 10
    while (left := remains() - before) and time.monotonic() < deadline:  # killed is not yet gone
        time.sleep(0.2)
    assert left == set()


@pytest.fixture
def page():
    page = Page(CHROMIUM)
    yield page
    page.close()


def processes(page, kind):
    return [one for one in page.browser.processes() if f"--type={kind}" in one.cmdline()]


def test_the_page_has_isolation_and_jspi(page):
    assert page.facts["cross_origin_isolated"] is True
    assert page.facts["jspi"] is True


def test_a_browser_too_old_for_the_runtime_says_which_one_to_take(monkeypatch):
    monkeypatch.setattr(Page, "_wait_until_loaded", lambda page, timeout_s: {"jspi": False})
    with pytest.raises(BackendUnavailable, match=r"has no JSPI .*137 or newer"):
        Page(CHROMIUM)


def test_ten_runs_one_after_another_leave_no_process_and_no_folder():
    for _ in range(10):
        page = Page(CHROMIUM)
        assert remains(os.getpid())
        page.close()
    assert remains(os.getpid()) == set()


def test_the_folder_for_temporary_files_may_have_a_long_path(tmp_path, monkeypatch):
    """Chromium puts a socket into it, whose path has a limit of 107 characters."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    page = Page(CHROMIUM)
    try:
        assert page.browser.product
    finally:
        page.close()
    assert list(folder.iterdir()) == []


def test_a_browser_may_be_named_from_where_the_command_is_given(monkeypatch):
    monkeypatch.chdir(CHROMIUM.parent)
    Page(Path(CHROMIUM.name)).close()


def test_a_browser_that_is_killed_is_noticed_at_once(page):
    started = time.monotonic()
    os.kill(page.browser.processes()[0].pid, signal.SIGKILL)
    with pytest.raises(BrowserGoneError):
        page.call("start", {"threads": 1})
    assert time.monotonic() - started < page_module._BEAT_EVERY_S


def test_a_page_whose_process_is_killed_is_noticed(page):
    request = page._send("new Promise(() => {})")
    for renderer in processes(page, "renderer"):
        renderer.kill()
    with pytest.raises(BrowserGoneError, match="crashed or was killed"):
        page.browser.devtools.wait(request, 20)


def test_a_page_that_hangs_is_told_from_slow_work(page, monkeypatch):
    monkeypatch.setattr(page_module, "_BEAT_EVERY_S", 0.2)
    monkeypatch.setattr(page_module, "_BEAT_TIMEOUT_S", 1.0)
    page._send("while (true);")
    with pytest.raises(NoAnswerError, match="no sign of life for 1 s: it hangs"):
        page.call("start", {"threads": 1})


def test_slow_work_ends_at_its_own_deadline(page, monkeypatch):
    monkeypatch.setattr(page_module, "_BEAT_EVERY_S", 0.2)
    with pytest.raises(NoAnswerError, match="waiting did not end within 1 s in the browser; the page still answers"):
        page.evaluate("new Promise(() => {})", "waiting", 1.0)


def test_what_the_worker_throws_comes_back_with_its_message(page):
    with pytest.raises(RuntimeError, match="no_such_method failed in the browser: TypeError"):
        page.call("no_such_method")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/no/such/browser", "is not a program"), ("/bin/false", "did not come up"), ("/bin/ls", "did not come up")],
)
def test_what_is_no_browser_is_said(path, reason):
    with pytest.raises(BackendUnavailable, match=reason):
        Page(Path(path))


def test_the_browser_dies_with_its_parent():
    parent = subprocess.Popen(
        [sys.executable, "-m", VICTIMS, "hold_page", str(CHROMIUM)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout is not None
    family = [psutil.Process(pid) for pid in json.loads(parent.stdout.readline())]
    assert len(family) > 3
    folders = remains()
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
    assert remains() & folders  # it had no chance to remove its profile: the next browser does
    for folder in (Path(one) for one in folders if Path(one).is_dir()):
        os.utime(folder / "owner.lock", (0, 0))  # not just being made
    Page(CHROMIUM).close()
    assert not remains() & folders


def test_a_case_that_is_killed_by_its_time_out_leaves_nothing():
    with Launcher() as launcher:
        outcome = launcher.run(Job(f"{VICTIMS}:hold_page", {"browser": str(CHROMIUM)}, timeout_s=12))
    assert outcome.status is Status.TIMEOUT


def test_an_answer_that_does_not_come_is_a_time_out_not_an_error():
    with Launcher() as launcher:
        outcome = launcher.run(Job(f"{__name__}:no_answer", {}, timeout_s=60))
    assert (outcome.status, outcome.message) == (Status.TIMEOUT, "NoAnswerError: it hangs")


def no_answer():
    raise NoAnswerError("it hangs")


def test_it_runs_for_a_user_who_is_not_root():
    command = ["-m", VICTIMS, "open_and_close", str(CHROMIUM)]
    pythons = (sys.executable, "/usr/bin/python3")
    python = next((one for one in pythons if as_nobody([one, "-c", "import psutil"]) is not None), None)
    if os.geteuid() != 0:
        pytest.skip("these tests run as such a user already")
    if python is None:
        pytest.skip("no Python here that another user may run, with psutil")
    told = as_nobody([python, *command])
    assert told is not None
    assert json.loads(told)["cross_origin_isolated"] is True


def as_nobody(command):
    """Standard output, or None if it failed."""
    packages = sysconfig.get_path("purelib")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{packages}", "HOME": "/tmp"}
    try:
        done = subprocess.run(command, user="nobody", group="nogroup", env=environment, capture_output=True, cwd="/tmp")
    except PermissionError:
        return None
    return done.stdout.decode() if done.returncode == 0 else None
