"""DuckDB and SQLite files of the original: every generation of the schema, and every file that is no easy one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing

import duckdb
import pytest

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.legacy_json import databases
from ipfs_accel_pipeline.storage.legacy_json.archives import Limits
from ipfs_accel_pipeline.storage.legacy_json.databases import duckdb_document, sqlite_document
from ipfs_accel_pipeline.storage.legacy_json.documents import Refused
from ipfs_accel_pipeline.storage.legacy_json.findings import Finding, LeftOut, PlatformClaim
from ipfs_accel_pipeline.storage.legacy_json.origin import Origin
from ipfs_accel_pipeline.storage.legacy_json.registry import read_document
from ipfs_accel_pipeline.storage.legacy_json.sources import Found, find, list_entries, load
from ipfs_accel_pipeline.storage.legacy_json.trust import grade
from ipfs_accel_pipeline_tests.legacy_databases import GENERATIONS, NORMALIZED, SEED

_NAMES = "CREATE TABLE models (model_id INTEGER, model_name VARCHAR); INSERT INTO models VALUES (1, 't5-small');"
_DEVICES = "CREATE TABLE hardware_platforms (hardware_id INTEGER, hardware_type VARCHAR, device_name VARCHAR);"
_DIMENSIONS = _NAMES + _DEVICES + "INSERT INTO hardware_platforms VALUES (1, 'cpu', 'EPYC');"


@pytest.fixture
def statements(tmp_path):
    def read(script, shape="D1 database"):
        path = tmp_path / "old.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(script)
        found, said = read_document(duckdb_document(path), Origin(path.name))
        assert (found.name if found else None) == shape
        return list(said)

    return read


def of_kind(said, kind):
    return [one for one in said if isinstance(one, kind)]


def reasons(said):
    return [one.reason for one in of_kind(said, LeftOut)]


@pytest.mark.parametrize("name", GENERATIONS)
def test_every_generation_of_the_schema_is_read(name, statements):
    generation = GENERATIONS[name]
    findings = of_kind(statements(generation.script), Finding)
    got = [(one.model.value, one.hardware.value, str(one.status), str(grade(one)[0])) for one in findings]
    assert got == [expected[:4] for expected in generation.expected]
    for one, expected in zip(findings, generation.expected, strict=True):
        figures = {figure: cited.value for figure, cited in one.values.items()}
        assert figures | dict(expected.values) == pytest.approx(figures)


def test_what_is_not_read_is_named_with_the_reason(statements):
    said = reasons(statements(SEED.script))
    assert any("hardware_compatibility (1 rows): predictions, advice or comparisons" in reason for reason in said)
    assert any("ipfs_acceleration_results (1 rows): they belong to rows of another table" in reason for reason in said)
    assert any("models (2 rows): names of models" in reason for reason in said)
    assert "the status 'running' is no outcome" in said
    assert "platforms of which nothing but a name is told: EPYC, S24" in said


def test_a_row_of_zeros_that_states_no_outcome_says_nothing(statements):
    assert "neither an outcome nor a figure: every figure is 0" in reasons(statements(NORMALIZED.script))


def test_only_a_device_of_which_something_is_told_becomes_a_platform(statements):
    (platform,) = of_kind(statements(NORMALIZED.script), PlatformClaim)
    assert (platform.device_name, platform.memory_mb) == ("NVIDIA A100", 40960.0)


def test_a_figure_in_a_json_column_has_a_pointer_into_it(statements):
    second = of_kind(statements(NORMALIZED.script), Finding)[2]
    assert second.values["p90_latency_ms"].pointer == "/performance_results/1/metrics/p90_latency_ms"
    assert second.timestamp.pointer == "/performance_results/1/run_started_at"


def test_the_endpoint_of_an_old_result_is_kept(statements):
    said = statements(
        _DIMENSIONS
        + "CREATE TABLE test_results (model_id INTEGER, hardware_id INTEGER, success BOOLEAN, endpoint_type VARCHAR);"
        + "INSERT INTO test_results VALUES (1, 1, TRUE, 'local')"
    )
    (finding,) = of_kind(said, Finding)
    assert (finding.endpoint.value, finding.endpoint.pointer) == ("local", "/test_results/0/endpoint_type")


def test_numbers_that_lead_nowhere_and_unknown_ones_are_told(statements):
    said = statements(
        _DIMENSIONS
        + "CREATE TABLE test_results (id INTEGER, model_id INTEGER, hardware_id INTEGER, success BOOLEAN);"
        + "INSERT INTO test_results VALUES (1, 99, 1, TRUE), (2, NULL, 1, TRUE), (3, 1, 7, TRUE), (4, 1, NULL, TRUE)"
    )
    assert reasons(said)[:5] == [
        "platforms of which nothing but a name is told: EPYC",
        "model_id 99 is the number of a row that is not in this file: no model is named",
        "no model is named",
        "hardware_id 7 is the number of a row that is not in this file: no platform is named",
        "no platform is named",
    ]
    assert not of_kind(said, Finding)


def test_an_unknown_table_is_named_with_its_columns_and_not_guessed(statements):
    said = statements(_NAMES + "CREATE TABLE odd (model_id INTEGER, latency DOUBLE); INSERT INTO odd VALUES (1, 2.5)")
    assert "odd (1 rows): an unknown table; its columns: model_id, latency, model_name" in reasons(said)


def test_a_database_of_something_else_is_unknown(statements):
    (reason,) = reasons(statements("CREATE TABLE tasks (id INTEGER); INSERT INTO tasks VALUES (1)", shape=None))
    assert reason == "a database of something else; its tables: tasks"


def test_a_table_named_as_a_key_of_another_shape_does_not_mislead(statements):
    (finding,) = of_kind(
        statements(
            """CREATE TABLE model_results (model_name VARCHAR, device VARCHAR, platform VARCHAR, success BOOLEAN);
            INSERT INTO model_results VALUES ('t5-small', 'unknown', 'webnn', TRUE)"""
        ),
        Finding,
    )
    assert finding.hardware.pointer == "/model_results/0/platform"  # the first that is the name of a platform


def test_an_empty_database_says_so(statements):
    assert reasons(statements("SELECT 1")) == ["a database without tables"]


def test_a_view_repeats_nothing(statements):
    said = statements(NORMALIZED.script + "CREATE VIEW test_results AS SELECT * FROM performance_results")
    assert len(of_kind(said, Finding)) == len(NORMALIZED.expected)
    assert "test_results: a view: it repeats what tables hold" in reasons(said)


def test_odd_column_types_do_no_harm(statements):
    (finding,) = of_kind(
        statements(
            """CREATE TYPE outcome AS ENUM ('passed', 'failed');
            CREATE TABLE results (model_name VARCHAR, hardware_type VARCHAR, status outcome, latency_ms DECIMAL(18, 7),
                memory_mb HUGEINT, timestamp TIMESTAMPTZ, tags VARCHAR[], blob BLOB, took INTERVAL, key UUID, day DATE,
                throughput DOUBLE, details STRUCT(p90_latency_ms DOUBLE, note VARCHAR));
            INSERT INTO results VALUES ('t5-small', 'cpu', 'passed', 12.3456789,
            170141183460469231731687303715884105727,
                '2025-03-03 05:31:01+02', ['a'], 'x'::BLOB, INTERVAL 2 SECONDS, uuid(), DATE '2025-03-03',
                'NaN'::DOUBLE,
                {'p90_latency_ms': 15.25, 'note': 'x'})"""
        ),
        Finding,
    )
    assert {name: cited.value for name, cited in finding.values.items()} == {
        "average_latency_ms": 12.3456789,
        "memory_used_mb": 2.0**127,
        "p90_latency_ms": 15.25,
        "/results/0/throughput": None,  # not a number, which is told
    }
    assert finding.timestamp.value == "2025-03-03T03:31:01+00:00" or finding.timestamp.value.startswith("2025-03-03T")


def test_our_own_database_is_no_source(tmp_path):
    with open_database(tmp_path / "ours.duckdb"):
        pass
    with pytest.raises(Refused, match="a database of this package"):
        duckdb_document(tmp_path / "ours.duckdb")


def test_a_damaged_database_and_one_of_another_version_are_refused(tmp_path):
    (tmp_path / "bad.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\0" * 100)
    with pytest.raises(Refused, match="DuckDB cannot open it"):
        duckdb_document(tmp_path / "bad.duckdb")


def source_of(folder):
    (source,) = find(list_entries([str(folder)], Found()), Limits())
    return source


def test_what_lies_in_the_log_beside_a_database_is_read_and_counts_as_its_content(tmp_path):
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_DIMENSIONS + "CREATE TABLE test_results (model_id INT, hardware_id INT, success BOOLEAN)")
    before = source_of(tmp_path)
    write = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute(\"SET wal_autocheckpoint = '1GB'\");"
        "c.execute('INSERT INTO test_results VALUES (1, 1, TRUE)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", write, str(path)], check=True)
    assert (tmp_path / "old.duckdb.wal").stat().st_size
    after = source_of(tmp_path)
    assert after.sha256 != before.sha256
    assert len(load(after)[0]["test_results"]) == 1


def test_a_database_that_another_process_writes_to_is_read_once_it_is_free(tmp_path):
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(NORMALIZED.script)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        writer.stdout.readline()
        held = source_of(tmp_path)
        writer.stdin.close()
    assert "another process has it open for writing" in held.refused
    free = source_of(tmp_path)
    assert free.refused is None
    assert free.sha256 != held.sha256  # else it would be taken for a file that was read before


def sqlite_file(path, script):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


_SQLITE = """
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name TEXT NOT NULL);
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type TEXT NOT NULL, device_name TEXT);
    CREATE TABLE performance_history (id INTEGER PRIMARY KEY, model_id INTEGER, hardware_id INTEGER, batch_size INTEGER,
        timestamp TIMESTAMP, throughput_items_per_second REAL, latency_ms REAL, regression_detected INTEGER);
    CREATE TABLE test_results (id INTEGER PRIMARY KEY, model_id INTEGER, hardware_id INTEGER, success INTEGER,
        error_message TEXT);
    INSERT INTO models VALUES (1, 't5-small');
    INSERT INTO hardware_platforms VALUES (1, 'cuda', 'RTX 4090');
    INSERT INTO performance_history VALUES (1, 1, 1, 1, '2025-03-06 21:41:54', 39.5, 25.3, 0);
    INSERT INTO test_results VALUES (1, 1, 1, 0, 'out of memory'), (2, 1, 1, 1, NULL);
"""


def test_an_sqlite_file_is_read_by_the_same_rules(tmp_path):
    sqlite_file(tmp_path / "old.db", "PRAGMA journal_mode = WAL;" + _SQLITE)
    document, _ = load(source_of(tmp_path))
    findings = of_kind(read_document(document, Origin("old.db"))[1], Finding)
    assert [(one.hardware.value, str(one.status), str(grade(one)[0])) for one in findings] == [
        ("cuda", "passed", "hand-written"),
        ("cuda", "out_of_memory", "claimed"),
        ("cuda", "passed", "claimed"),
    ]


def test_an_sqlite_file_with_changes_beside_it_or_damage_is_refused(tmp_path):
    path = sqlite_file(tmp_path / "old.db", _SQLITE)
    with pytest.raises(Refused, match="SQLite cannot read it"):
        sqlite_document(path.read_bytes()[:5000])
    (tmp_path / "old.db-wal").write_bytes(b"changes")
    with pytest.raises(Refused, match="changes lie in the -wal file beside it"):
        load(source_of(tmp_path))


def test_the_log_of_a_database_is_no_source(tmp_path):
    log = tmp_path / "old.duckdb.wal"
    log.write_bytes(b"d\0be")
    found = Found()
    assert (list_entries([str(tmp_path)], found), found.other_files) == ([], 1)
    with pytest.raises(Refused, match="the log of a database"):
        load(source_of(log))


def test_tables_within_an_archive_are_read_but_a_duckdb_file_has_to_be_unpacked(tmp_path):
    sqlite_file(tmp_path / "old.db", _SQLITE)
    with duckdb.connect(str(tmp_path / "new.db")) as connection:
        connection.execute(NORMALIZED.script)
        connection.execute(f"COPY performance_results TO '{tmp_path / 'dump.parquet'}'")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in ("old.db", "new.db", "dump.parquet"):
            archive.write(tmp_path / name, name)
    by_name = {one.label.rpartition("!")[2]: one for one in find([str(tmp_path / "all.zip")], Limits())}
    assert read_document(load(by_name["old.db"])[0], Origin("old.db"))[0].name == "D1 database"
    assert read_document(load(by_name["dump.parquet"])[0], Origin("dump.parquet"))[0].name == "S27 table"
    with pytest.raises(Refused, match="unpack it and name the file"):
        load(by_name["new.db"])


def test_more_rows_than_fit_are_refused_and_not_read_in_part(statements, monkeypatch):
    monkeypatch.setattr(databases, "MOST_ROWS", 4)
    with pytest.raises(Refused, match="more than 4 rows of results"):
        statements(NORMALIZED.script)
