"""How long each screen of the dashboard takes at the server over a million performance rows.

    .venv/bin/python -m benchmarks.dashboard_at_a_million_rows [long|wide] [FOLDER]

long: 60 models on 8 platforms, 360 runs. wide: 100 models on 40 platforms, 42 runs: 36,000 cases in each.

The rows are invented (ipfs_accel_pipeline_tests/dashboard/synthetic.py) and kept in FOLDER for the next time. Prints
the preparation after a publication, then for each screen the median and the slowest of five answers.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from fastapi.testclient import TestClient

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.dashboard.registry import SCREENS
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.snapshot import open_snapshot
from ipfs_accel_pipeline_tests.dashboard.synthetic import Size, publish_synthetic

PRECISIONS = ("fp32", "int8", "fp16")
SIZES = {
    "long": Size(models=60, platforms=8, runs=360, batches=(1, 8, 32), precisions=PRECISIONS),
    "wide": Size(models=100, platforms=40, runs=42, batches=(1, 8, 32), precisions=PRECISIONS),
}
ANSWERS = 5


def main(size: Size, folder: Path) -> None:
    settings = Settings(data=folder, database=folder / "benchmark.duckdb")
    if not settings.snapshot.exists():
        publish_synthetic(folder, size)
    with open_snapshot(settings.snapshot) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("performance_results", "test_results", "power_metrics")
        }
    print(", ".join(f"{count:,} {table}" for table, count in counts.items()))
    client = TestClient(create_app(settings), base_url="http://127.0.0.1")
    print(f"first answer after a publication: {1000 * seconds(client, '/api/summary'):.0f} ms")
    for address in addresses(client):
        times = [1000 * seconds(client, address) for _ in range(ANSWERS)]
        print(f"{statistics.median(times):7.0f} ms {max(times):7.0f} ms  {address}")


def addresses(client: TestClient) -> list[str]:
    test = client.get("/api/tests", params={"limit": 1, "provenance": "measured"}).json()[0]
    one = [
        "/model?" + urlencode({"id": test["model_id"]}),
        "/platform?" + urlencode({"id": test["hardware_id"]}),
        "/test?" + urlencode({"id": test["test_id"]}),
        "/compare?by=platform",
        "/compare?by=version",
        "/matrix?family=bert&batch=1&precision=fp32",
        "/tests?failed=true",
        "/api/cases",
        "/api/summary",
    ]
    return [entry.path for entry in SCREENS if entry.label] + one


def seconds(client: TestClient, address: str) -> float:
    started = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - started


if __name__ == "__main__":
    shape = SIZES[sys.argv[1] if len(sys.argv) > 1 else "long"]
    if len(sys.argv) > 2:
        Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
        main(shape, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(shape, Path(temporary))
