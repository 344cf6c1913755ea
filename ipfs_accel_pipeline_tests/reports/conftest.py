"""The example database, made once: writing it costs more than all that is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipfs_accel_pipeline.reports.content import ReportContent, gather
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests.reports import example


@pytest.fixture(scope="session")
def example_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "example.duckdb"
    example.write_example(path)
    return path


@pytest.fixture
def connection(example_database: Path) -> Iterator[Any]:
    with open_database(example_database, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def content(example_database: Path) -> ReportContent:
    with open_database(example_database, read_only=True) as connection:
        return gather(connection, generated_at=example.GENERATED_AT)


@pytest.fixture(scope="session")
def empty_content(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    with open_database(tmp_path_factory.mktemp("reports") / "empty.duckdb") as connection:
        return gather(connection, generated_at=example.GENERATED_AT)
