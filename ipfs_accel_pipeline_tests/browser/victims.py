"""Started in processes of their own by the tests, to be killed there."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from ipfs_accel_pipeline.browser.page import Page


def hold_page(browser: str) -> None:
    """Opens the page, tells which processes there are now, and never ends."""
    page = Page(Path(browser))
    print(json.dumps([process.pid for process in page.browser.processes()]), flush=True)
    time.sleep(600)


def open_and_close(browser: str) -> None:
    page = Page(Path(browser))
    print(json.dumps(page.facts | {"versions": page.call("start", {"threads": 1})["versions"]}), flush=True)
    page.close()


if __name__ == "__main__":
    {"hold_page": hold_page, "open_and_close": open_and_close}[sys.argv[1]](sys.argv[2])
