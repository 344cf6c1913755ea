"""Real result files of the first project, where a copy lies beside the checkout; they are not ours to distribute."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.pipeline.migration.verify import verify
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database

FOLDER = Path(__file__).parents[3].parent / "shared" / "legacy_results"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"never in the project: real legacy files ({FOLDER})")


def test_every_real_file_is_understood_and_every_value_is_proven(tmp_path):
    settings = Settings(tmp_path, tmp_path / "benchmark.duckdb")
    report = migrate(settings, [str(FOLDER)], MigrationOptions())
    assert report.outcomes["unknown"] == 0
    assert report.outcomes["refused"] == 1  # one is truncated
    assert verify(settings).problems == []
    again = migrate(settings, [str(FOLDER)], MigrationOptions())
    assert (again.files, again.rows) == (again.seen_before, {})


def test_only_shapes_that_were_measured_give_figures(tmp_path):
    settings = Settings(tmp_path, tmp_path / "benchmark.duckdb")
    migrate(settings, [str(FOLDER)], MigrationOptions())
    with open_database(settings.database) as connection:
        shapes = connection.execute(
            "SELECT DISTINCT t.details ->> '$.source.shape' FROM performance_results p "
            "JOIN test_results t ON t.id = p.test_id ORDER BY 1"
        ).fetchall()
    assert shapes == [("S02 batch_benchmarks",), ("S03 hardware_benchmark",), ("S18 hw_single_test",)]
