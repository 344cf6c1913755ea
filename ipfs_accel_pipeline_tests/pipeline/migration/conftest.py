"""What the tests of the migration share: a database, a folder of legacy files, and a look at what was stored."""

from __future__ import annotations

import pytest

from ipfs_accel_pipeline.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "data", tmp_path / "data" / "benchmark.duckdb")


@pytest.fixture
def legacy(tmp_path):
    folder = tmp_path / "legacy"
    folder.mkdir()
    return folder
