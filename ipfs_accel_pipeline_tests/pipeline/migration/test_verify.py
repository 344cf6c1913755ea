"""The proof that what is stored is what the files say: clean after an import, and not after a change on either side."""

from __future__ import annotations

import json
import zipfile

import pytest

from ipfs_accel_pipeline.pipeline.migration.run import MigrationOptions, migrate
from ipfs_accel_pipeline.pipeline.migration.verify import verify
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests import legacy_samples as samples


@pytest.fixture
def imported(tmp_path):
    """A database with every sample in it, and the folder that they came from."""
    settings = Settings(tmp_path / "data", tmp_path / "data" / "benchmark.duckdb")
    for number, (document, _) in enumerate(samples.BY_SHAPE.values()):
        samples.write(tmp_path / "legacy" / f"hf_t5_{number:02d}.json", document)
    untold = samples.THREE_RUNS | {"results": {}}  # only keys such as pipeline_cuda name the device
    samples.write(tmp_path / "legacy" / "untold.json", untold)
    migrate(settings, [str(tmp_path / "legacy")], MigrationOptions())
    return settings


def change(settings, sql):
    with open_database(settings.database) as connection:
        connection.execute(sql)


def test_an_import_agrees_with_its_sources(imported):
    result = verify(imported)
    assert result.problems == []
    assert result.files > 15
    assert result.values > 100


def test_a_copy_under_another_name_does_not_disturb_the_proof(tmp_path):
    """The model is known by the file's name only, and the archive, which is read first, has it under another."""
    settings = Settings(tmp_path / "data", tmp_path / "data" / "benchmark.duckdb")
    legacy = tmp_path / "legacy"
    samples.write(legacy / "a.json", samples.direct())
    named = samples.write(legacy / "hf_t5_test_results.json", samples.FLAT)
    migrate(settings, [str(named)], MigrationOptions())
    with zipfile.ZipFile(legacy / "all.zip", "w") as archive:
        archive.write(named, "copy.json")
        archive.write(legacy / "a.json", "a.json")
    (legacy / "a.json").unlink()
    migrate(settings, [str(legacy / "all.zip")], MigrationOptions())
    assert verify(settings).problems == []


@pytest.mark.parametrize(
    "document",
    [
        {
            "ipfs_accelerate_tests": {
                "acme/tiny": {"qualcomm_endpoint": {"status": "Success"}, "webnn_endpoint": "Error"}
            }
        },
        {
            "text": {
                "model_name": "t5-small",
                "with_parallel": {"implementation_type": "real_webgpu", "success": True},
                "without_parallel": {},
            }
        },
    ],
)
def test_a_device_within_a_key_or_a_text_agrees_as_it_is_written_there(tmp_path, document):
    settings = Settings(tmp_path / "data", tmp_path / "data" / "benchmark.duckdb")
    samples.write(tmp_path / "legacy" / "a.json", document)
    migrate(settings, [str(tmp_path / "legacy")], MigrationOptions())
    result = verify(settings)
    assert result.tests > 0
    assert result.problems == []


@pytest.mark.parametrize(
    ("column", "change_of"),
    [
        ("average_latency_ms", "* 1.001"),
        ("p50_latency_ms", "* 0.999"),
        ("iterations", "+ 1"),
        ("throughput_items_per_second", "* 1.001"),
    ],
)
def test_a_changed_figure_is_found(imported, column, change_of):
    change(imported, f"UPDATE performance_results SET {column} = {column} {change_of}")
    problems = verify(imported).problems
    assert problems
    assert all(column in problem.reason for problem in problems)


def test_a_changed_time_or_device_is_found(imported):
    change(imported, "UPDATE test_results SET timestamp = timestamp + INTERVAL 1 HOUR, requested_device = 'other'")
    reasons = " ".join(problem.reason for problem in verify(imported).problems)
    assert "timestamp" in reasons
    assert "requested_device" in reasons


def test_a_changed_place_is_found(imported):
    change(
        imported,
        "UPDATE test_results SET details = replace(details, 'avg_latency_ms', 'memory_mb') WHERE details LIKE '%S01%'",
    )
    (problem,) = verify(imported).problems
    assert "average_latency_ms is stored as" in problem.reason
    assert problem.pointer == "/batch_results/1/memory_mb"


def test_a_source_that_changed_or_is_gone_is_told(imported, tmp_path):
    folder = tmp_path / "legacy"
    changed = samples.direct(avg_latency_ms=99.5)
    (folder / "hf_t5_00.json").write_text(json.dumps(changed))
    (folder / "hf_t5_02.json").unlink()
    problems = verify(imported).problems
    assert {problem.path.rsplit("/", 1)[-1] for problem in problems} == {"hf_t5_00.json", "hf_t5_02.json"}
    assert all("the source is gone" in problem.reason for problem in problems)
