"""What browsers' answers mean: recorded ones, and changes to them that make what this laptop lacks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ipfs_accel_pipeline.browser import probe as probe_module
from ipfs_accel_pipeline.browser.find import Browsers
from ipfs_accel_pipeline.browser.probe import BrowserProbe, probe_browsers
from ipfs_accel_pipeline.hardware import detect
from ipfs_accel_pipeline.hardware.browser import detect_webgpu, detect_webnn
from ipfs_accel_pipeline.hardware.rows import Host
from ipfs_accel_pipeline_tests.browsers import CHROMIUM, WEBNN, needs_browser, needs_webnn, remains
from ipfs_accel_pipeline_tests.hardware.replay import HOST, machine, recording

DEBIAN = BrowserProbe(**recording("browser_chromium_156_debian.json"))
WITH_WEBNN = BrowserProbe(**recording("browser_chromium_153_webnn.json"))
NO_BROWSERS = Browsers((), "no browser was found")
SOME = Browsers((Path("/usr/bin/chromium"),))


def webgpu(*probes, browsers=SOME, software=False):
    return detect_webgpu(HOST, browsers, probes, software)


def webnn(*probes, browsers=SOME, software=False):
    return detect_webnn(HOST, browsers, probes, software, machine())


def with_adapter(**changes):
    hardware = {"vendor": "nvidia", "architecture": "ampere", "description": "", "is_fallback": False}
    return replace(
        DEBIAN,
        webgpu={**DEBIAN.webgpu, **hardware, **changes},
        feature_status={"webgpu": "enabled", "webnn": "enabled"},
    )


def with_contexts(**contexts):
    return replace(WITH_WEBNN, webnn={"contexts": contexts}, feature_status={"webnn": "enabled"}, log="")


def test_a_software_adapter_is_found_and_not_measured_unless_it_is_asked_for():
    (row,) = webgpu(DEBIAN)
    assert (row.hardware_id, row.acceleration, row.available) == ("webgpu-google-swiftshader", "software", False)
    assert "Set BENCHMARK_SOFTWARE_ADAPTERS=1" in row.unavailable_reason
    (row,) = webgpu(DEBIAN, software=True)
    assert (row.acceleration, row.available) == ("software", True)


def test_a_row_says_which_browser_showed_it():
    (row,) = webgpu(DEBIAN, software=True)
    assert row.runtime["device"] == "webgpu@/usr/bin/chromium"
    assert row.runtime["endpoint_devices"] == {"webgpu-browser": "webgpu@/usr/bin/chromium"}
    assert row.driver_version == "Chrome/156.0.8078.108, SwANGLE 5.0.0"
    assert row.runtime["adapter"]["architecture"] == "swiftshader"


def test_a_real_adapter_is_hardware():
    (row,) = webgpu(with_adapter())
    assert (row.hardware_id, row.acceleration, row.available) == ("webgpu-nvidia-ampere", "hardware", True)


@pytest.mark.parametrize(
    "changes",
    [{"is_fallback": True}, {"architecture": "swiftshader"}, {"description": "llvmpipe (LLVM 19.1.7, 256 bits)"}],
)
def test_any_sign_of_software_is_believed(changes):
    (row,) = webgpu(with_adapter(**changes))
    assert row.acceleration == "software"


def test_a_feature_status_of_software_is_believed():
    (row,) = webgpu(replace(with_adapter(), feature_status={"webgpu": "unavailable_software"}))
    assert row.acceleration == "software"


def test_a_shader_with_a_wrong_answer_is_no_webgpu():
    (row,) = webgpu(with_adapter(answer=[0, 0, 0, 0]))
    assert (row.hardware_id, row.available) == ("webgpu-absent", False)
    assert "a compute shader answered [0, 0, 0, 0]" in row.unavailable_reason


def test_the_adapter_of_two_browsers_is_one_row_of_the_first():
    (row,) = webgpu(DEBIAN, WITH_WEBNN, software=True)
    assert row.runtime["browser_path"] == "/usr/bin/chromium"


def test_debian_has_no_webnn_and_its_reason_is_kept():
    (row,) = webnn(DEBIAN)
    assert (row.hardware_id, row.available) == ("webnn-absent", False)
    assert row.unavailable_reason.startswith("/usr/bin/chromium (Chrome/156.0.8078.108): NotSupportedError")
    assert "WebNN is not supported on this platform" in row.unavailable_reason


def test_webnn_on_the_processor_is_not_called_a_gpu_though_its_contexts_are():
    (row,) = webnn(DEBIAN, WITH_WEBNN, software=True)
    assert (row.hardware_id, row.acceleration) == ("webnn-cpu-amd-epyc-9b14", "software")
    assert row.runtime["endpoint_devices"] == {"webnn": "webnn-cpu@/opt/webnn/chromium"}
    (unasked,) = webnn(DEBIAN, WITH_WEBNN)
    assert unasked.unavailable_reason.startswith("WebNN on the processor (AMD EPYC 9B14) is software. Set ")
    assert (row.compute_units, row.memory_capacity, row.driver_version) == (2, 16384, "HeadlessChrome/153.0.8010.0")


def test_an_accelerated_context_is_hardware():
    (row,) = webnn(with_contexts(gpu={"accelerated": True, "answer": [3, 3, 7, 7]}, cpu={"answer": [3, 3, 7, 7]}))
    assert (row.acceleration, row.available) == ("hardware", True)
    assert row.runtime["device"].startswith("webnn-gpu@")


def test_where_nothing_tells_the_acceleration_is_unknown():
    (row,) = webnn(with_contexts(cpu={"accelerated": None, "answer": [3, 3, 7, 7]}))
    assert (row.acceleration, row.available) == (None, True)


def test_a_graph_with_a_wrong_answer_is_no_webnn():
    (row,) = webnn(with_contexts(cpu={"accelerated": True, "answer": [0, 0, 0, 0]}))
    assert "a graph answered [0, 0, 0, 0]" in row.unavailable_reason


def test_every_browser_that_was_asked_has_its_reason():
    broken = BrowserProbe("/opt/broken", problem="/opt/broken did not come up")
    (row,) = webnn(broken, DEBIAN)
    assert "/opt/broken did not come up" in row.unavailable_reason
    assert "Chrome/156" in row.unavailable_reason


def test_without_a_browser_the_reason_is_what_the_search_said():
    (row,) = webgpu(browsers=NO_BROWSERS)
    assert row.unavailable_reason == "no browser was found"


def test_a_detection_starts_each_browser_once_and_the_next_one_again(monkeypatch):
    started = []
    monkeypatch.setattr(detect, "probe_browsers", lambda paths: started.append(paths) or [DEBIAN])
    monkeypatch.setattr(detect, "find_browsers", lambda: SOME)
    later = Host(HOST.hostname, HOST.detected_at.replace(hour=13))
    for host in (HOST, later):
        detect._webgpu(host)
        detect._webnn(host)
    assert len(started) == 2


@pytest.mark.slow
@needs_browser
def test_a_real_browser_runs_the_shader_and_says_why_it_has_no_webnn():
    (probe,) = probe_browsers([CHROMIUM])
    assert probe.problem is None
    (row,) = webgpu(probe, software=True)
    assert row.available, row.unavailable_reason
    (row,) = webnn(probe, software=True)
    assert row.available or "WebNN is not supported on this platform" in row.unavailable_reason


@pytest.mark.slow
@needs_webnn
def test_a_real_browser_runs_the_webnn_graph():
    (probe,) = probe_browsers([WEBNN])
    (row,) = webnn(probe, software=True)
    assert (row.available, row.acceleration) == (True, "software")


@pytest.mark.slow
def test_a_browser_that_is_none_costs_its_own_probe_only():
    bad, _ = probe_browsers([Path("/bin/false"), Path("/no/such")])
    assert "did not come up" in bad.problem


def test_a_browser_that_hangs_costs_its_share_of_the_time_and_leaves_nothing(tmp_path, monkeypatch):
    hanging = tmp_path / "browser"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(probe_module, "_EACH_TIMEOUT_S", 0.5)
    monkeypatch.setattr(probe_module, "_ALL_TIMEOUT_S", 0.6)
    first, second, third = probe_browsers([hanging] * 3)
    assert "did not come up: the browser did not answer Browser.getVersion" in first.problem
    assert third.problem == "not asked: the time for probing was used up by the browsers before it"
    assert second.problem
    assert remains(os.getpid()) == set()
