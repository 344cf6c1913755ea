from __future__ import annotations

import types
from typing import Union, get_args, get_origin, get_type_hints

import duckdb
import pytest

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.schema import known_migrations, migrate, schema_version
from ipfs_accel_pipeline.storage.staging import columns_of
from ipfs_accel_pipeline.storage.tables import TABLES, table_named
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.storage.older import older_database

# The seed's columns, by exactly these names and in this order.
SEED_COLUMNS = {
    "hardware_platforms": "hardware_id hardware_type device_name compute_units memory_capacity driver_version "
    "supported_precisions max_batch_size detected_at",
    "models": "model_id model_name model_family model_type model_size parameters_million added_at",
    "test_results": "id timestamp test_date status test_type model_id hardware_id endpoint_type success error_message "
    "execution_time memory_usage details",
    "performance_results": "id model_id hardware_id batch_size sequence_length average_latency_ms p50_latency_ms "
    "p90_latency_ms p99_latency_ms throughput_items_per_second memory_peak_mb power_watts "
    "energy_efficiency_items_per_joule test_timestamp",
    "hardware_compatibility": "id model_id hardware_id compatibility_status compatibility_score recommended "
    "last_tested",
    "power_metrics": "id test_id model_id hardware_id power_watts_avg power_watts_peak temperature_celsius_avg "
    "temperature_celsius_peak battery_impact_mah test_duration_seconds estimated_runtime_hours test_timestamp",
}


@pytest.mark.parametrize("name", TABLES)
def test_the_columns_are_the_fields_of_the_record_in_their_order(connection, name):
    table = TABLES[name]
    assert [column.name for column in columns_of(connection, table)] == list(table.columns)


@pytest.mark.parametrize("name", SEED_COLUMNS)
def test_the_columns_of_the_seed_come_first(connection, name):
    seed = SEED_COLUMNS[name].split()
    assert [column.name for column in columns_of(connection, TABLES[name])][: len(seed)] == seed


def is_optional(hint: object) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


@pytest.mark.parametrize("name", TABLES)
def test_what_a_record_may_leave_unknown_may_be_null(connection, name):
    hints = get_type_hints(TABLES[name].record)
    refused = [column.name for column in columns_of(connection, TABLES[name]) if not column.nullable]
    assert [name for name in refused if is_optional(hints[name])] == []


@pytest.mark.parametrize("name", TABLES)
def test_every_column_says_what_it_holds(connection, name):
    assert [column.name for column in columns_of(connection, TABLES[name]) if not column.comment] == []


def test_every_table_has_a_primary_key(connection):
    rows = connection.execute(
        "SELECT table_name, constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    ).fetchall()
    assert {table: keys for table, keys in rows if table in TABLES} == {
        table.name: [table.primary_key] for table in TABLES.values()
    }


def test_the_foreign_keys_are_those_of_the_design(connection):
    rows = connection.execute(
        "SELECT table_name, referenced_table FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' "
        "AND table_name IN (SELECT unnest($names)) ORDER BY ALL",
        {"names": list(SEED_COLUMNS)},
    ).fetchall()
    assert rows == [
        ("hardware_compatibility", "hardware_platforms"),
        ("hardware_compatibility", "models"),
        ("performance_results", "hardware_platforms"),
        ("performance_results", "models"),
        ("performance_results", "test_results"),
        ("power_metrics", "hardware_platforms"),
        ("power_metrics", "models"),
        ("power_metrics", "test_results"),
        ("test_results", "hardware_platforms"),
        ("test_results", "models"),
    ]


def test_a_second_migration_changes_nothing(connection):
    before = connection.execute("SELECT * FROM schema_migrations").fetchall()
    assert migrate(connection) == []
    assert connection.execute("SELECT * FROM schema_migrations").fetchall() == before
    assert [version for version, *_ in before] == [migration.version for migration in known_migrations()]


@pytest.mark.parametrize(
    ("slow_rounds", "signs", "host_slowdown"),
    [
        (3, [(1.3, 1.9), (1.6, 1.2), (None, 2.0)], 1.6),
        (3, None, None),  # unknown: the largest sign of all rounds is another number
        (2, [(1.3, 1.9), (1.6, 1.2), (1.0, 1.0)], None),
    ],
)
def test_stored_results_of_slow_hosts_get_what_their_rounds_tell(tmp_path, slow_rounds, signs, host_slowdown):
    rounds = [{"canary_slowdown": canary, "contention_slowdown": contention} for canary, contention in signs or ()]
    rows = {
        "test_results": fakes.test_row(details={"rounds": rounds} if signs else {}),
        "performance_results": fakes.performance_row(rounds=3, slow_rounds=slow_rounds, canary_slowdown=1.25),
    }
    with older_database(tmp_path / "old.duckdb", 12, rows) as connection:
        migrate(connection)
        found = connection.execute("SELECT host_slowdown FROM latest_performance_results").fetchall()
    assert found == [(host_slowdown,)]


def test_no_two_migrations_have_one_number():
    numbers = [migration.version for migration in known_migrations()]
    assert len(set(numbers)) == len(numbers)


def test_a_database_newer_than_this_package_is_refused_with_both_versions(connection):
    connection.execute("INSERT INTO schema_migrations (version, name) VALUES (99, 'from the future')")
    newest = known_migrations()[-1].version
    with pytest.raises(StorageError, match=rf"version 99, this package knows up to {newest}\. Upgrade"):
        migrate(connection)


def test_tables_of_another_program_are_not_touched(tmp_path):
    connection = duckdb.connect(str(tmp_path / "legacy.duckdb"))
    connection.execute("CREATE TABLE models (model_id INTEGER)")
    with pytest.raises(StorageError, match="tables that this package did not make"):
        migrate(connection)
    assert schema_version(connection) == 0
    assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("models",)]
    connection.close()


def test_an_unknown_table_is_named_with_those_that_exist():
    with pytest.raises(StorageError, match=r"no table 'modles'. Tables: hardware_platforms, models"):
        table_named("modles")
