"""A browser's adapters are partitions like any other: same job, same tables, same reports."""

import json

import pytest

from ipfs_accel_pipeline.storage.snapshot import open_snapshot
from ipfs_accel_pipeline_tests.browsers import BROWSER_VARIABLE, CHROMIUM, WEBNN, needs_browser, needs_webnn, remains

pytestmark = pytest.mark.slow

_ROWS = """
SELECT t.endpoint_type, t.status, t.parity_max_abs, t.details, p.p50_latency_ms, p.environment, h.acceleration,
    c.compatibility_status, w.reason
FROM test_results AS t
JOIN performance_results AS p ON p.test_id = t.id
JOIN hardware_platforms AS h ON h.hardware_id = t.hardware_id
JOIN hardware_compatibility AS c ON c.hardware_id = t.hardware_id
JOIN power_metrics AS w ON w.test_id = t.id
"""


@pytest.fixture
def partition(monkeypatch, launch, instance):
    """Detect with this browser and return the partition of this type."""

    def detect(browser, hardware_type):
        monkeypatch.setenv(BROWSER_VARIABLE, str(browser))
        monkeypatch.setenv("BENCHMARK_SOFTWARE_ADAPTERS", "1")
        monkeypatch.delenv("VK_DRIVER_FILES", raising=False)
        assert launch("detect").success
        keys = instance.get_dynamic_partitions("hardware")
        return next(key for key in keys if key.startswith(f"{hardware_type}-") and "native" not in key)

    return detect


def measured(workshop, launch, key):
    before = remains()
    assert launch("benchmark", key).success
    assert remains() - before == set()
    with open_snapshot(workshop.settings.snapshot) as connection:
        (row,) = connection.execute(_ROWS).fetch_df().to_dict("records")
    assert row["status"] == "passed"
    assert row["parity_max_abs"] < 1e-4
    assert row["p50_latency_ms"] > 0
    assert row["compatibility_status"] == "compatible"
    assert json.loads(row["environment"])["browser"]
    report = (workshop.settings.reports / "report.md").read_text()
    assert key in report
    return row


@needs_browser
def test_the_webgpu_partition_fills_every_table_and_is_labelled_software(workshop, launch, partition):
    row = measured(workshop, launch, partition(CHROMIUM, "webgpu"))
    assert (row["endpoint_type"], row["acceleration"]) == ("webgpu-browser", "software")
    assert json.loads(row["details"])["device_proof"]["calls_in_first_inference"]["gpu_dispatches"] > 0
    assert "not ranked: software acceleration" in (workshop.settings.reports / "report.md").read_text()


@needs_webnn
def test_the_webnn_partition_fills_every_table(workshop, launch, partition):
    row = measured(workshop, launch, partition(WEBNN, "webnn"))
    assert row["endpoint_type"] == "webnn"
    assert json.loads(row["details"])["device_proof"]["calls_in_first_inference"]["ml_dispatches"] > 0
