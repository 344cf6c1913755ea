"""Sixteen partition runs write into one database at the same moment: real processes, real Dagster, one file."""

import subprocess
import sys

import pytest

from ipfs_accel_pipeline.settings import DATA_VARIABLE, DATABASE_VARIABLE, Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests.fakes import observation
from ipfs_accel_pipeline_tests.pipeline.test_loading import seal

pytestmark = pytest.mark.slow

RUNS = 16
BATCHES = (1, 2, 4, 8)
SCRIPT = """
import sys
import dagster as dg
from ipfs_accel_pipeline.defs.assets.hardware_compatibility import hardware_compatibility
from ipfs_accel_pipeline.defs.assets.performance_results import performance_results
from ipfs_accel_pipeline.defs.assets.power_metrics import power_metrics
from ipfs_accel_pipeline.defs.assets.test_results import test_results
from ipfs_accel_pipeline.defs.io_managers import PipelineDuckDBIOManager

hardware_id = sys.argv[1]
with dg.DagsterInstance.ephemeral() as instance:
    instance.add_dynamic_partitions("hardware", [hardware_id])
    print("ready", flush=True)
    sys.stdin.readline()
    dg.materialize(
        [test_results, performance_results, power_metrics, hardware_compatibility],
        instance=instance, partition_key=hardware_id, resources={"io_manager": PipelineDuckDBIOManager()},
    )
"""


@pytest.mark.timeout(900)
def test_sixteen_partition_runs_at_once_lose_nothing_and_double_nothing(tmp_path, monkeypatch):
    settings = Settings(data=tmp_path, database=tmp_path / "benchmark.duckdb")
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    keys = [f"cpu-fake-{number}" for number in range(RUNS)]
    for key in keys:
        seal(
            settings,
            f"run-{key}",
            *(observation(hardware_id=key, batch_size=size) for size in BATCHES),
            hardware_id=key,
        )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, key],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for key in keys
    ]
    for run in runs:
        assert run.stdout.readline() == "ready\n", run.stderr.read()[-2000:]
    for run in runs:  # all are loaded: now they start together
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        _, errors = run.communicate()
        assert run.returncode == 0, errors[-2000:]
    with open_database(settings.database) as connection:
        for table in ("test_results", "performance_results", "power_metrics"):
            rows = connection.execute(
                f"SELECT hardware_id, count(*), count(DISTINCT id) FROM {table} GROUP BY 1"
            ).fetchall()
            assert sorted(rows) == sorted((key, len(BATCHES), len(BATCHES)) for key in keys), table
        assert connection.execute("SELECT count(*) FROM hardware_compatibility").fetchall() == [(RUNS,)]
