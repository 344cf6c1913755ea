"""Dashboards over small snapshots: the reports' example (one of everything) and a synthetic one with a history."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests.dashboard.browser import Browser, Served, find_chromium, served
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, publish_synthetic
from ipfs_accel_pipeline_tests.reports import example

OF_THIS_MACHINE = "http://127.0.0.1"


def settings_in(folder: Path) -> Settings:
    return Settings(data=folder, database=folder / "benchmark.duckdb")


def client_of(settings: Settings, **options: str) -> TestClient:
    return TestClient(create_app(settings, **options), base_url=OF_THIS_MACHINE)


@pytest.fixture(scope="session")
def example_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_in(tmp_path_factory.mktemp("dashboard-example"))
    example.write_example(settings.database)
    publish_snapshot(settings.database, settings.snapshot)
    return settings


@pytest.fixture(scope="session")
def history_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_in(tmp_path_factory.mktemp("dashboard-history"))
    publish_synthetic(settings.data, Size())
    return settings


@pytest.fixture(scope="session")
def empty_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_in(tmp_path_factory.mktemp("dashboard-empty"))
    publish_snapshot(settings.database, settings.snapshot)
    return settings


@pytest.fixture(scope="session")
def example_client(example_settings: Settings) -> TestClient:
    return client_of(example_settings)


@pytest.fixture(scope="session")
def client(history_settings: Settings) -> TestClient:
    return client_of(history_settings)


@pytest.fixture(scope="session")
def empty_client(empty_settings: Settings) -> TestClient:
    return client_of(empty_settings)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A history of few cases: a browser takes seconds where a page has a thousand cells."""
    settings = settings_in(tmp_path_factory.mktemp("dashboard-site"))
    publish_synthetic(settings.data, Size(models=9, batches=(1, 8), precisions=("fp32",)))
    with served(settings) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium, driver = find_chromium(), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("not installed here: chromium and chromium-driver (apt-get install chromium chromium-driver)")
    with Browser.open(chromium, driver) as opened:
        yield opened
