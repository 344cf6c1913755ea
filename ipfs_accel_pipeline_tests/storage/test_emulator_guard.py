"""An emulator's latency is its host's: it cannot enter performance_results by any way."""

from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from ipfs_accel_pipeline.benchmark.aggregation import aggregate
from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.pipeline.loading import rows_of
from ipfs_accel_pipeline.records import Provenance
from ipfs_accel_pipeline.storage.schema import known_migrations, migrate
from ipfs_accel_pipeline.storage.shards import Header, Shard
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.storage.older import older_database

GUARD = 3


def test_the_pipeline_makes_no_performance_row_of_an_emulated_shard():
    hardware = asdict(fakes.hardware_row(acceleration="emulated"))
    header = Header("h", "run-1", fakes.NOON, {"hardware": hardware, "model_versions": {}})
    shard = Shard("shard", Path("x"), header, (fakes.observation(endpoint_type="qnn_emulator"),), ())
    rows = rows_of(shard)
    assert rows.test_results[0].provenance == "emulated"
    assert rows.performance_results == rows.power_metrics == []


@pytest.mark.parametrize(
    "row",
    [
        fakes.performance_row(provenance="emulated"),
        fakes.performance_row(endpoint_type="qnn_emulator"),  # says that it was measured
        fakes.performance_row(endpoint_type="qnn_emulator", provenance="imported"),
    ],
)
def test_storage_refuses_it_and_names_the_rule(tested, row):
    with pytest.raises(StorageError, match="breaks the rule"):
        write_rows(tested, "performance_results", [row])


def test_the_database_itself_refuses_it_whoever_writes(tested):
    write_rows(tested, "performance_results", [fakes.performance_row()])
    with pytest.raises(duckdb.ConstraintException, match="CHECK"):
        tested.execute("UPDATE performance_results SET endpoint_type = 'qnn_emulator'")
    with pytest.raises(duckdb.ConstraintException, match="CHECK"):
        tested.execute("UPDATE performance_results SET provenance = 'emulated'")


def test_aggregation_keeps_an_emulated_case_out_even_if_it_has_latencies():
    observation = fakes.observation(latencies_ms=(1.0,) * 20)
    assert aggregate([observation], "run-1", "shard", {}, Provenance.EMULATED).performance_results == []


def test_a_database_without_the_guard_gets_it_and_keeps_its_rows(tmp_path):
    with older_database(tmp_path / "old.duckdb", GUARD) as connection:
        before = connection.execute("SELECT * FROM performance_results").fetchall()
        assert migrate(connection) == [one.version for one in known_migrations() if one.version >= GUARD]
        after = connection.execute("SELECT * EXCLUDE (new_tokens, host_slowdown) FROM performance_results").fetchall()
        assert after == before
        assert connection.execute("SELECT id FROM latest_performance_results").fetchall() == [("performance-1",)]
        with pytest.raises(duckdb.ConstraintException, match="CHECK"):
            connection.execute("UPDATE performance_results SET endpoint_type = 'qnn_emulator'")
