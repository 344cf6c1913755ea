"""Whole measurements of a tiny model on this machine, good ones and bad ones side by side."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ipfs_accel_pipeline.benchmark import campaign, protocol
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.hardware.detect import detect_hardware
from ipfs_accel_pipeline.models.catalogue import model_row
from ipfs_accel_pipeline.pipeline import measuring
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.pipeline.measuring import measure_platform
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests.bundle_fixtures import TINY_GPT2

pytestmark = pytest.mark.slow

SMOKE = RunConfig(profile="smoke", weights="random")


@pytest.fixture(scope="module")
def openvino():
    return next(one for one in detect_hardware() if one.hardware_type == "OpenVINO" and one.available)


def measure(workshop, platform, config=SMOKE, run_id="run-1"):
    return measure_platform(platform, [workshop.spec], config, workshop.settings, run_id)


def test_every_way_to_die_is_one_row_and_the_others_are_measured(workshop, openvino, monkeypatch):
    monkeypatch.setattr(campaign, "_MEASURE", "ipfs_accel_pipeline_tests.benchmark.misbehaving:measure_or_misbehave")
    monkeypatch.setitem(protocol.PROFILES, "smoke", replace(protocol.PROFILES["smoke"], case_timeout_s=10))
    measure(workshop, openvino, replace(SMOKE, batch_sizes=(1, 2, 3, 4, 5, 6, 7)))
    load_pending(workshop.settings, [openvino.hardware_id])
    with open_database(workshop.settings.database) as connection:
        rows = connection.execute("SELECT batch_size, status FROM test_results ORDER BY 1").fetchall()
        measured = connection.execute("SELECT batch_size FROM performance_results ORDER BY 1").fetchall()
    assert dict(rows) == {
        1: "passed",
        2: "crashed",
        3: "crashed",
        4: "timeout",
        5: "error",
        6: "out_of_memory",
        7: "passed",
    }
    assert measured == [(1,), (7,)]


def test_an_observation_proves_device_precision_and_parity(workshop, openvino):
    (one,) = measure(workshop, openvino).observations
    assert (one.requested_device, one.actual_device, one.effective_precision) == ("CPU", "CPU", "fp32")
    assert len(one.parity) == 2
    assert all(parity.passed and parity.cosine > 0.9999 for parity in one.parity)
    assert len({(parity.batch_size, parity.sequence_length) for parity in one.parity}) == 2
    assert one.details["reference_runtime"] == "pytorch"
    assert one.environment["profile"] == "smoke"
    assert one.memory_peak_mb > 0
    assert one.power.reason
    assert one.weights == "random"


def stored_text(workshop, platform, bundle):
    """Numbers of text and the reason why there are none, after a whole measurement and its loading."""
    settings = workshop.settings
    settings.bundles.unlink()
    settings.bundles.symlink_to(bundle.folder.parents[1])
    measure_platform(platform, [TINY_GPT2], replace(SMOKE, batch_sizes=(2,), new_tokens=8), settings, "run-1")
    with open_database(settings.database) as connection:
        write_rows(connection, "models", [model_row(TINY_GPT2, datetime.now(UTC))])
    load_pending(settings, [platform.hardware_id])
    with open_database(settings.database) as connection:
        (row,) = connection.execute(
            "SELECT time_to_first_token_ms, time_per_output_token_ms, tokens_per_second, p50_latency_ms, "
            "t.details ->> '$.generation.reason', t.details -> '$.generation.failure' "
            "FROM test_results t JOIN performance_results p ON p.test_id = t.id WHERE t.success"
        ).fetchall()
    return row


def test_a_model_that_writes_has_the_times_of_its_tokens(workshop, openvino, tiny_gpt2_bundle):
    first, later, per_second, _, reason, failure = stored_text(workshop, openvino, tiny_gpt2_bundle)
    assert min(first, later) > 0
    assert per_second == pytest.approx(2 / later * 1e3)
    assert (reason, failure) == (None, "null")


def test_a_process_that_dies_while_writing_leaves_the_forward_pass_and_its_reason(
    workshop, openvino, tiny_gpt2_bundle, monkeypatch
):
    monkeypatch.setattr(campaign, "_GENERATE", "ipfs_accel_pipeline_tests.benchmark.misbehaving:die_while_writing")
    *numbers, latency, reason, failure = stored_text(workshop, openvino, tiny_gpt2_bundle)
    assert numbers == [None] * 3
    assert latency > 0
    assert reason == "crashed: killed by signal 11 (SIGSEGV)"
    assert "last words" in failure


def test_a_precision_that_the_device_lacks_is_a_row_that_says_so(workshop, openvino):
    lacking = replace(openvino, supported_precisions=("fp32",))
    (one,) = measure(workshop, lacking, replace(SMOKE, precisions=("bf16",))).observations
    assert one.status == "unsupported"
    assert "no bf16 arithmetic (it has: fp32)" in one.error_message


def test_a_step_that_is_executed_again_measures_nothing_again(workshop, openvino):
    first, again = measure(workshop, openvino), measure(workshop, openvino)
    assert again.shard_id == first.shard_id


def test_a_run_executed_again_with_other_settings_is_refused(workshop, openvino):
    measure(workshop, openvino)
    with pytest.raises(UsageError, match="measured with other settings"):
        measure(workshop, openvino, replace(SMOKE, profile="quick"))


def test_a_run_begun_before_a_choice_existed_is_executed_again_with_its_default(workshop, openvino):
    shard = measure(workshop, openvino)
    before = {name: value for name, value in shard.header.details["config"].items() if name != "new_tokens"}
    older = replace(shard.header, details={**shard.header.details, "config": before})
    measuring._require_same_settings(older, SMOKE)
    with pytest.raises(UsageError, match="measured with other settings"):
        measuring._require_same_settings(older, replace(SMOKE, new_tokens=5))
