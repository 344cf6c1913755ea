from __future__ import annotations

import dagster as dg
import pytest

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests import legacy_samples as samples


@pytest.fixture
def migrate(definitions, tmp_path, monkeypatch):
    """The job, on a data folder of its own."""
    monkeypatch.setenv("BENCHMARK_DB_PATH", str(tmp_path / "benchmark.duckdb"))
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))

    def migrate():
        with dg.DagsterInstance.ephemeral() as instance:
            result = definitions.resolve_job_def("migrate").execute_in_process(instance=instance)
        (materialization,) = result.asset_materializations_for_node("imported_files")
        return {name: entry.value for name, entry in materialization.metadata.items()}

    return migrate


def test_the_job_imports_what_lies_in_the_legacy_folder_once(migrate, tmp_path):
    samples.write(tmp_path / "legacy" / "a.json", samples.direct())
    (tmp_path / "legacy" / "broken.json").write_text("{")
    first = migrate()
    assert (first["files"], first["rows/test_results"], first["seen_before"]) == (2, 1, 0)
    assert "S01 direct_benchmark" in first["shapes"]
    assert migrate()["seen_before"] == 2
    with open_database(tmp_path / "benchmark.duckdb") as connection:
        assert connection.execute("SELECT outcome FROM imported_files ORDER BY 1").fetchall() == [
            ("imported",),
            ("refused",),
        ]


def test_an_empty_folder_is_no_failure(migrate, tmp_path):
    assert migrate()["files"] == 0
    assert (tmp_path / "legacy").is_dir()


def test_a_benchmark_run_imports_nothing(definitions):
    nodes = {node.name for node in definitions.resolve_job_def("benchmark").nodes}
    assert "imported_files" not in nodes
    assert "measurements" in nodes
