"""A real DuckDB file for every test that asks for one.

Each kind is made once per session and copied: creating all tables takes longer than most tests.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "benchmark.duckdb"
    with open_database(path):
        return path


@pytest.fixture(scope="session")
def parents_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("parents") / "benchmark.duckdb"
    with open_database(path) as connection:
        write_rows(connection, "hardware_platforms", [fakes.hardware_row()])
        write_rows(connection, "models", [fakes.model_row()])
    return path


@pytest.fixture(scope="session")
def tested_template(tmp_path_factory: pytest.TempPathFactory, parents_template: Path) -> Path:
    path = tmp_path_factory.mktemp("tested") / "benchmark.duckdb"
    shutil.copyfile(parents_template, path)
    with open_database(path) as connection:
        write_rows(connection, "test_results", [fakes.test_row()])
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A path where nothing is yet."""
    return tmp_path / "benchmark.duckdb"


@pytest.fixture
def parents_database(database: Path, parents_template: Path) -> Path:
    """A closed database that knows one hardware platform and one model."""
    return Path(shutil.copyfile(parents_template, database))


@pytest.fixture
def connection(database: Path, empty_template: Path) -> Iterator[Any]:
    """An empty database at the newest schema."""
    shutil.copyfile(empty_template, database)
    with open_database(database) as opened:
        yield opened


@pytest.fixture
def parents(parents_database: Path) -> Iterator[Any]:
    """A database that knows one hardware platform and one model."""
    with open_database(parents_database) as opened:
        yield opened


@pytest.fixture
def tested(database: Path, tested_template: Path) -> Iterator[Any]:
    """A database that knows one passed test besides."""
    shutil.copyfile(tested_template, database)
    with open_database(database) as opened:
        yield opened
