"""Asks one browser what it can really compute on, by having it compute. Judges nothing: see `hardware.browser`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.browser.find import extra_flags
from ipfs_accel_pipeline.browser.page import Page
from ipfs_accel_pipeline.errors import BackendUnavailable

# A sensor that detects has a minute, whatever the drivers do; so no browser is begun with after half of it.
_EACH_TIMEOUT_S = 12.0
_ALL_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class BrowserProbe:
    """What one browser showed, in its own words. `problem` is why it showed nothing."""

    path: str
    product: str | None = None
    webgpu: dict[str, Any] = field(default_factory=dict)  # see web/probe.js
    webnn: dict[str, Any] = field(default_factory=dict)
    feature_status: dict[str, str] = field(default_factory=dict)  # Chromium's own: webgpu, webnn, ...
    gpu: dict[str, Any] = field(default_factory=dict)  # the first GPU that Chromium lists
    log: str = ""
    problem: str | None = None


def probe_browsers(paths: Sequence[Path]) -> list[BrowserProbe]:
    """One probe per browser, one after the other."""
    deadline = time.monotonic() + _ALL_TIMEOUT_S
    return [_probe(path, min(_EACH_TIMEOUT_S, deadline - time.monotonic())) for path in paths]


def _probe(path: Path, timeout_s: float) -> BrowserProbe:
    if timeout_s <= 0:
        return BrowserProbe(str(path), problem="not asked: the time for probing was used up by the browsers before it")
    try:
        page = Page(path, extra_flags(), timeout_s)
    except (BackendUnavailable, RuntimeError, TimeoutError) as error:
        return BrowserProbe(str(path), problem=str(error))
    try:
        found = page.probe(timeout_s)
        gpu = page.browser.devtools.call("SystemInfo.getInfo", timeout_s).get("gpu", {})
        return BrowserProbe(
            path=str(path),
            product=page.browser.product,
            webgpu=found["webgpu"],
            webnn=found["webnn"],
            feature_status=gpu.get("featureStatus", {}),
            gpu=next(iter(gpu.get("devices", [])), {}),
            log=page.browser.last_words(),
        )
    except (RuntimeError, TimeoutError) as error:
        return BrowserProbe(str(path), product=page.browser.product, problem=str(error))
    finally:
        with contextlib.suppress(Exception):
            page.close()
