from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import SchemathesisConfig

from ipfs_accel_pipeline.dashboard.api import router
from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.records import Case
from ipfs_accel_pipeline.storage.shards import ShardStore
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline_tests import fakes
from ipfs_accel_pipeline_tests.dashboard.conftest import client_of, settings_in
from ipfs_accel_pipeline_tests.reports import example


@pytest.fixture(scope="session")
def described(example_settings):
    # The host as a client of this machine sends it.
    return schemathesis.openapi.from_asgi(
        "/api/openapi.json", create_app(example_settings, host="0.0.0.0"), config=SchemathesisConfig()
    )


PATHS = [route.path for route in router.routes]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_as_the_openapi_document_says_whatever_is_asked(described, path):
    @given(case=described[path]["GET"].as_strategy())
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        case.call_and_validate()

    ask()


def test_a_case_carries_its_numbers_rank_and_provenance(example_client):
    found = example_client.get("/api/cases", params={"model": example.BERT, "batch": 1, "precision": "fp32"}).json()

    ranks = {(row["hardware_id"], row["endpoint_type"]): row["rank"] for row in found}
    assert ranks == {
        (example.CPU, "onnxruntime"): "tied",
        (example.OPENVINO, "openvino"): "tied",
        (example.CPU, "pytorch"): "slower",
        (example.SOFTWARE, "webgpu-browser"): "not_ranked",
    }


def test_the_summary_counts_what_meets_the_filters(example_client):
    whole = example_client.get("/api/summary").json()
    imported = example_client.get("/api/summary", params={"provenance": "imported"}).json()

    assert whole["cases"] == 14
    assert (whole["measured"], whole["imported"], whole["emulated"]) == (12, 1, 1)
    assert imported["cases"] == imported["imported"] == 1


def test_an_unknown_test_is_a_404_with_a_reason(example_client):
    answer = example_client.get("/api/tests/none")

    assert answer.status_code == 404
    assert "no test 'none'" in answer.json()["detail"]


def test_samples_that_are_elsewhere_are_explained_and_not_made_up(example_client):
    answer = example_client.get("/api/tests/test-1/samples").json()

    assert answer["latencies_ms"] == []
    assert "lies elsewhere" in answer["missing_reason"]


@pytest.fixture
def with_samples(tmp_path):
    """The example whose first test has its shard beside it."""
    from ipfs_accel_pipeline.storage.database import open_database

    settings = settings_in(tmp_path)
    with ShardStore(settings.shards).journal(fakes.HARDWARE_ID, "run-of-shard") as journal:
        for number in range(2):
            journal.append(fakes.observation(round_index=number, latencies_ms=tuple(9.0 + i / 10 for i in range(40))))
        shard = journal.seal()
    example.write_example(settings.database)
    with open_database(settings.database) as connection:
        connection.execute("UPDATE test_results SET shard_id = $shard WHERE id = 'test-1'", {"shard": shard.shard_id})
    publish_snapshot(settings.database, settings.snapshot)
    return client_of(settings)


def test_raw_samples_come_from_the_shard_round_by_round(with_samples):
    answer = with_samples.get("/api/tests/test-1/samples").json()

    assert [len(one) for one in answer["latencies_ms"]] == [40, 40]
    assert answer["latencies_ms"][0][:2] == [9.0, 9.1]
    assert answer["missing_reason"] is None


def test_the_page_of_a_test_draws_its_samples(with_samples):
    text = with_samples.get("/test?id=test-1").text

    assert "80 timed latencies" in text
    assert '"type":"violin"' in text


def test_a_series_is_the_history_of_one_case_oldest_first(client):
    case = client.get("/api/cases", params={"type": "CUDA", "provenance": "measured", "status": "passed"}).json()[0]
    names = {"model": "model_id", "hardware": "hardware_id", "endpoint": "endpoint_type", "precision": "precision",
             "batch": "batch_size", "sequence": "sequence_length"}  # fmt: skip
    asked = {f"of_{name}": case[column] for name, column in names.items() if case[column] is not None}

    points = client.get("/api/series", params=asked).json()

    times = [point["tested_at"] for point in points]
    assert times == sorted(times)
    assert len(points) == 6
    assert set(names.values()) == set(Case.__dataclass_fields__)


def test_two_runs_are_compared_case_by_case_the_largest_change_first(client):
    compared = client.get("/api/compare", params={"by": "run", "a": "run-002", "b": "run-003"}).json()

    slower = [row for row in compared if row["verdict"] == "b slower"]
    assert slower == compared[: len(slower)]
    ratios = [row["p50_ratio_b_to_a"] for row in slower]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 1.2  # the step that the synthetic history has at its middle


def test_a_software_platform_is_never_put_in_a_ratio_with_real_hardware(client):
    asked = {"by": "platform", "a": "cpu-invented-00", "b": "webgpu-invented-05"}

    compared = client.get("/api/compare", params=asked).json()

    both = [row for row in compared if row["a_test_id"] and row["b_test_id"]]
    assert both
    assert {row["verdict"] for row in both} == {"not compared"}
    assert {row["p50_ratio_b_to_a"] for row in both} == {None}
