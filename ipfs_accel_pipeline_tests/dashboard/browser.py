"""A real headless Chromium, and a real server for it to look at."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.settings import Settings

_TIMEOUT_S = 30
_ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader")
# Chromium speaks of its software renderer and of canvas speed; that is no defect of a page.
_NOT_OURS = ("GL Driver Message", "Canvas2D", "WebGL", "favicon")


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Served:
    address: str


@contextmanager
def served(settings: Settings, **options: Any) -> Iterator[Served]:
    """The dashboard on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings, **options), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _TIMEOUT_S
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(_TIMEOUT_S)


@dataclass(frozen=True)
class Browser:
    driver: webdriver.Chrome

    @classmethod
    @contextmanager
    def open(cls, chromium: str, driver_path: str) -> Iterator[Browser]:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in _ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path))
        driver.set_page_load_timeout(_TIMEOUT_S)
        try:
            yield cls(driver)
        finally:
            driver.quit()

    def look_at(self, address: str, *, dark: bool = False, width: int = 1300, height: int = 900) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}  # what moves cannot be clicked
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.get_log("browser")  # what was said before is not about this page
        self.driver.get(address)
        self.wait_for_charts()

    def save_downloads_in(self, folder: Path) -> None:
        asked = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", asked)

    def wait_for_charts(self) -> None:
        undrawn = "return document.querySelectorAll('figure.chart:not(.drawn):not(.failed)').length"
        self.wait_until(lambda: self.run(undrawn) == 0, "the charts are drawn")

    def wait_until(self, holds: Any, what: str) -> None:
        WebDriverWait(self.driver, _TIMEOUT_S).until(lambda _: holds(), f"waited in vain until {what}")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.run(
            "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.textContent.trim())", selector
        )
        return found

    def problems(self) -> list[str]:
        """What the browser complained of: errors of scripts, refused styles, missing files."""
        entries = self.driver.get_log("browser")
        said = [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]
        return [message for message in said if not any(word in message for word in _NOT_OURS)]


def find_axe() -> Path | None:
    """axe-core's script: AXE_PATH, or where `.ci/run` puts it."""
    places = [Path(os.environ.get("AXE_PATH", "")), Path("node_modules/axe-core/axe.min.js")]
    return next((place for place in places if place.is_file()), None)
