"""Which endpoints does this machine have? Asks one detector per hardware type and brings what they look at.

A detector that fails costs its own type only: that becomes a row with the exception as the reason.
A ninth hardware type is one file and one line in `DETECTORS`; its word is in `HardwareType` and in the check of its
column, its endpoints are in `backends.registry`.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from ipfs_accel_pipeline.browser.find import find_browsers, software_is_wanted
from ipfs_accel_pipeline.browser.probe import BrowserProbe, probe_browsers
from ipfs_accel_pipeline.hardware import browser, cpu, cuda, mps, openvino, qualcomm, rocm, webgpu_native
from ipfs_accel_pipeline.hardware.identity import distinct
from ipfs_accel_pipeline.hardware.machine import this_machine
from ipfs_accel_pipeline.hardware.rows import NO_DEVICE, Host, absent_row, this_host
from ipfs_accel_pipeline.hardware.torch_build import import_torch, installed_torch
from ipfs_accel_pipeline.records import HardwarePlatform, HardwareType

Detector = Callable[[Host], list[HardwarePlatform]]


def detect_hardware(
    host: Host | None = None, detectors: Mapping[HardwareType, Detector] | None = None
) -> list[HardwarePlatform]:
    """At least one row for every hardware type, absent ones with the reason; every `hardware_id` once."""
    host = host or this_host()
    found = [_ask(host, hardware_type, detector) for hardware_type, detector in (detectors or DETECTORS).items()]
    return distinct(row for rows in found for row in rows)


def _ask(host: Host, hardware_type: HardwareType, detector: Detector) -> list[HardwarePlatform]:
    try:
        rows = detector(host)
    except Exception as error:
        reason = f"The detection failed: {type(error).__name__}: {error}"
        return [absent_row(host, hardware_type, reason, source="detector")]
    return rows or [
        absent_row(host, hardware_type, "The detection found nothing and gave no reason.", source="detector")
    ]


def _cpu(host: Host) -> list[HardwarePlatform]:
    return cpu.detect(host, this_machine(), find_browsers())


def _cuda(host: Host) -> list[HardwarePlatform]:
    import pynvml

    return cuda.detect(host, pynvml, installed_torch(), import_torch, os.environ)


def _rocm(host: Host) -> list[HardwarePlatform]:
    has_driver = rocm.KERNEL_DRIVER.exists()
    return rocm.detect(host, installed_torch(), import_torch, has_driver, os.environ, rocm.may_use())


def _mps(host: Host) -> list[HardwarePlatform]:
    return mps.detect(host, platform.system(), platform.mac_ver()[0], import_torch)


def _openvino(host: Host) -> list[HardwarePlatform]:
    import openvino as runtime

    version = runtime.__version__.split("-releases")[0]
    return openvino.detect(host, runtime.Core(), version, this_machine())


def _webgpu(host: Host) -> list[HardwarePlatform]:
    wanted = software_is_wanted()
    rows = [
        *browser.detect_webgpu(host, find_browsers(), _browser_probes(host), wanted),
        *webgpu_native.detect(host, webgpu_native.probe_native(wanted), wanted),
    ]
    present = [row for row in rows if row.device_name != NO_DEVICE]
    missing = _reasons([row for row in rows if row.device_name == NO_DEVICE])
    if present and missing:
        return [replace(row, runtime=row.runtime | {"other_ways": missing}) for row in present]
    return present or [absent_row(host, HardwareType.WEBGPU, _reasons(rows), source="browser, onnxruntime-ep-webgpu")]


def _webnn(host: Host) -> list[HardwarePlatform]:
    return browser.detect_webnn(host, find_browsers(), _browser_probes(host), software_is_wanted(), this_machine())


@lru_cache(maxsize=1)
def _browser_probes(host: Host) -> list[BrowserProbe]:
    """One start of each browser answers for WebNN and WebGPU; `host` carries the time, so no later one sees it."""
    return probe_browsers(find_browsers().paths)


def _reasons(rows: list[HardwarePlatform]) -> str:
    return "; ".join(row.unavailable_reason.removesuffix(".") for row in rows if row.unavailable_reason)


DETECTORS: dict[HardwareType, Detector] = {
    HardwareType.CPU: _cpu,
    HardwareType.CUDA: _cuda,
    HardwareType.ROCM: _rocm,
    HardwareType.MPS: _mps,
    HardwareType.OPENVINO: _openvino,
    HardwareType.QUALCOMM: qualcomm.detect,
    HardwareType.WEBNN: _webnn,
    HardwareType.WEBGPU: _webgpu,
}
