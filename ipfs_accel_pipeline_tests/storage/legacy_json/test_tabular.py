"""CSV dumps and DuckDB files of the original's schema generations are read by the same readers."""

from __future__ import annotations

import duckdb
import pytest

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, Grade, LeftOut, PlatformClaim
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.tabular import csv_document, duckdb_document
from ipfs_accel_pipeline.storage.legacy_json.trust import grade

# Each generation: the key columns, and what the rows of performance_results are called and hold.
OLDER = """
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name VARCHAR, model_family VARCHAR);
    CREATE TABLE hardware_platforms (
        hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, device_name VARCHAR, memory_gb FLOAT,
        compute_units INTEGER);
    CREATE TABLE performance_results (
        result_id INTEGER PRIMARY KEY, run_id INTEGER, model_id INTEGER, hardware_id INTEGER, test_case VARCHAR,
        batch_size INTEGER, precision VARCHAR, total_time_seconds DOUBLE, average_latency_ms DOUBLE,
        throughput_items_per_second DOUBLE, memory_peak_mb DOUBLE, iterations INTEGER, created_at TIMESTAMP);
    INSERT INTO models VALUES (1, 'bert-base-uncased', 'bert');
    INSERT INTO hardware_platforms VALUES (1, 'cuda', 'NVIDIA A100', 40, 108);
    INSERT INTO performance_results VALUES
        (1, 1, 1, 1, 'embedding', 2, 'fp32', 5.5, 12.3456789, 162.0000012, 512.25, 100,
         TIMESTAMP '2025-03-03 05:31:01');
"""
SEED = """
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name VARCHAR);
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, device_name VARCHAR);
    CREATE TABLE performance_results (
        id INTEGER PRIMARY KEY, model_id INTEGER, hardware_id INTEGER, batch_size INTEGER, average_latency_ms DOUBLE,
        p50_latency_ms DOUBLE, throughput_items_per_second DOUBLE, is_simulated BOOLEAN, simulation_reason VARCHAR,
        test_timestamp TIMESTAMP);
    CREATE TABLE test_results (
        id INTEGER PRIMARY KEY, timestamp TIMESTAMP, status VARCHAR, model_id INTEGER, hardware_id INTEGER,
        success BOOLEAN, error_message VARCHAR);
    INSERT INTO models VALUES (7, 't5-small');
    INSERT INTO hardware_platforms VALUES (3, 'webgpu', 'chrome');
    INSERT INTO performance_results VALUES
        (1, 7, 3, 1, 12.3456789, 12.1, 81.0000012, TRUE, 'no such hardware', TIMESTAMP '2025-03-03 05:31:01');
    INSERT INTO test_results VALUES (1, TIMESTAMP '2025-03-03 05:31:01', 'failed', 7, 3, FALSE, 'adapter lost');
"""


@pytest.fixture
def read(tmp_path):
    def read(script):
        path = tmp_path / "old.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(script)
        document = duckdb_document(path)
        shape, statements = read_document(document, Origin(path.name))
        assert shape.name == "D1 duckdb"
        return statements

    return read


def test_numbers_of_models_and_hardware_become_their_names(read):
    platform, finding = read(OLDER)
    assert isinstance(platform, PlatformClaim)
    assert (platform.device_name, platform.memory_mb) == ("NVIDIA A100", 40960.0)
    assert (finding.model.value, finding.hardware.value, finding.device_name) == (
        "bert-base-uncased",
        "cuda",
        "NVIDIA A100",
    )
    assert finding.values["average_latency_ms"].pointer == "/performance_results/0/average_latency_ms"
    assert grade(finding)[0] is Grade.CLAIMED


def test_rows_that_are_marked_as_simulated_are(read):
    _, performance, test = read(SEED)
    assert grade(performance)[0] is Grade.SIMULATED
    assert "no such hardware" in grade(performance)[1][0]
    assert test.error_message == "adapter lost"
    assert test.timestamp.value.startswith("2025-03-03T05:31:01")


def test_our_own_database_is_no_source(tmp_path):
    with open_database(tmp_path / "ours.duckdb"):
        pass
    with pytest.raises(Refused, match="a database of this package"):
        duckdb_document(tmp_path / "ours.duckdb")


def test_a_damaged_database_is_refused(tmp_path):
    (tmp_path / "bad.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 100)
    with pytest.raises(Refused, match="DuckDB cannot open it"):
        duckdb_document(tmp_path / "bad.duckdb")


def test_a_table_with_names_is_read_and_one_with_numbers_left_out():
    named = b"model_name,hardware_type,average_latency_ms\nbert,cpu,12.3456789\n"
    (finding,) = read_document(csv_document(named), Origin("dump.csv"))[1]
    assert isinstance(finding, Finding)
    assert finding.values["average_latency_ms"].value == 12.3456789
    numbered = b"model_id,hardware_id,average_latency_ms\n1,2,12.3456789\n"
    (left_out,) = read_document(csv_document(numbered), Origin("dump.csv"))[1]
    assert isinstance(left_out, LeftOut)


def test_empty_cells_are_unknown_and_short_lines_do_no_harm():
    document = csv_document(b"a,b,c\n1,,x\n2\n")
    assert document["rows"] == [{"a": 1, "b": None, "c": "x"}, {"a": 2, "b": None, "c": None}]


def test_what_has_one_column_is_no_table():
    with pytest.raises(Refused, match="no CSV"):
        csv_document(b"hello\nthere\n")
