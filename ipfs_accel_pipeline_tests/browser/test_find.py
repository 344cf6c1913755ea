from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipfs_accel_pipeline.browser.find import extra_flags, find_browsers, software_is_wanted
from ipfs_accel_pipeline.errors import BackendUnavailable


def which(*known):
    return lambda name: name if name in known else f"/usr/bin/{name}" if f"/usr/bin/{name}" in known else None


def test_the_usual_names_are_looked_for_chrome_first():
    found = find_browsers({}, "Linux", which("/usr/bin/chromium", "/usr/bin/microsoft-edge", "/usr/bin/google-chrome"))
    assert [path.name for path in found.paths] == ["google-chrome", "chromium", "microsoft-edge"]
    assert found.problem is None


def test_two_names_of_one_program_are_one_browser(tmp_path):
    program = tmp_path / "chrome"
    program.touch(mode=0o755)
    for name in ("google-chrome", "google-chrome-stable"):
        (tmp_path / name).symlink_to(program)
    found = find_browsers({}, "Linux", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    assert len(found.paths) == 1


def test_on_a_mac_applications_are_looked_for():
    edge = "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"
    assert find_browsers({}, "Darwin", which(edge)).paths == (Path(edge),)


def test_without_any_it_says_what_to_do():
    found = find_browsers({}, "Linux", which())
    assert found.paths == ()
    assert "Install Chrome, Chromium or Edge, or set BENCHMARK_BROWSER" in found.problem


def test_the_environment_names_the_only_ones_that_are_asked():
    named = os.pathsep.join(["/opt/one", "chromium"])
    found = find_browsers(
        {"BENCHMARK_BROWSER": named}, "Linux", which("/opt/one", "/usr/bin/chromium", "/usr/bin/edge")
    )
    assert found.paths == (Path("/opt/one"), Path("/usr/bin/chromium"))


def test_a_named_browser_that_is_missing_is_said():
    found = find_browsers({"BENCHMARK_BROWSER": "/no/such"}, "Linux", which("/usr/bin/chromium"))
    assert (found.paths, found.problem) == ((), "BENCHMARK_BROWSER names /no/such: no such program")


@pytest.mark.parametrize(("environment", "system"), [({"BENCHMARK_BROWSER": "none"}, "Linux"), ({}, "Windows")])
def test_no_browser_where_none_is_wanted_or_none_can_be_driven(environment, system):
    found = find_browsers(environment, system, lambda name: f"/usr/bin/{name}")
    assert found.paths == ()
    assert found.problem


def test_flags_are_split_as_a_shell_does():
    assert extra_flags({"BENCHMARK_BROWSER_FLAGS": "--a --b='c d'"}) == ["--a", "--b=c d"]
    assert extra_flags({}) == []


def test_software_is_measured_only_on_request():
    assert not software_is_wanted({})
    assert not software_is_wanted({"BENCHMARK_SOFTWARE_ADAPTERS": "0"})
    assert software_is_wanted({"BENCHMARK_SOFTWARE_ADAPTERS": "1"})


def test_flags_that_cannot_be_split_name_the_variable():
    with pytest.raises(BackendUnavailable, match="BENCHMARK_BROWSER_FLAGS is no list of flags: No closing quotation"):
        extra_flags({"BENCHMARK_BROWSER_FLAGS": "--a='b"})
