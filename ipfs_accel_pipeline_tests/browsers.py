"""The real browsers that tests start, and what is left of them afterwards. Found before any test changes a setting."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psutil
import pytest

from ipfs_accel_pipeline.browser.find import BROWSER_VARIABLE, find_browsers

__all__ = ["BROWSER_VARIABLE", "CHROMIUM", "WEBNN", "needs_browser", "needs_webnn", "remains"]

_FOUND = find_browsers().paths
CHROMIUM = _FOUND[0] if _FOUND else Path("/no/browser")
# The npm package @sparticuz/chromium, unpacked by .ci/webnn-browser: a Chromium whose WebNN has a backend.
_ROOT = Path(__file__).parents[1]
WEBNN = Path(os.environ.get("TEST_WEBNN_BROWSER", _ROOT / ".cache" / "webnn-browser" / "chromium"))

needs_browser = pytest.mark.skipif(not _FOUND, reason="no browser here: apt-get install chromium")
needs_webnn = pytest.mark.skipif(not WEBNN.exists(), reason=f"{WEBNN} is not there: .ci/webnn-browser unpacks it")


def remains(owner: int | None = None) -> set[str]:
    """Browser processes and profile folders that exist now: of the process `owner`, or of any on this machine."""
    name = f"ipfs-accel-browser-{owner}-" if owner else "ipfs-accel-browser-"
    processes = {
        f"process {process.pid}"
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(name in part for part in process.info["cmdline"] or ())
    }
    return processes | {str(folder) for folder in Path(tempfile.gettempdir()).glob(f"{name}*")}
