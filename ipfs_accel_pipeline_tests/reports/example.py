"""A small fixed database that has one of everything a report must cope with. Every number is invented (see fakes)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes

BERT, VIT, WHISPER, UNTESTED = "fake-bert-tiny", "fake-vit", "fake-whisper", "fake-untested"
ODD = "odd|name\n<script>alert('é模型')</script> `*_x_*`"
CPU, OPENVINO = "cpu-fake-9000", "openvino-cpu-fake-9000"
SOFTWARE, EMULATOR, LEGACY = "webgpu-fake-swiftshader", "qualcomm-fake-emulator", "cuda-fake-legacy"

GENERATED_AT = fakes.NOON + timedelta(days=1)
LONG_ERROR = "RuntimeError: " + "an operator is missing, " * 40 + "\n  File 'model.py', line 1\n" * 20

HARDWARE = [
    fakes.hardware_row(),
    fakes.hardware_row(
        hardware_id=OPENVINO, hardware_type="OpenVINO", device_name="CPU: Fake CPU 9000", driver_version="2026.0"
    ),
    fakes.hardware_row(
        hardware_id=SOFTWARE, hardware_type="WebGPU", device_name="SwiftShader", acceleration="software",
        compute_units=None, memory_capacity=None, supported_precisions=None,
    ),
    fakes.hardware_row(
        hardware_id=EMULATOR, hardware_type="Qualcomm", device_name="QNN HTP emulator", acceleration="emulated",
        compute_units=None, memory_capacity=None, supported_precisions=("int8",),
    ),
    fakes.absent_hardware_row(hardware_id=LEGACY, device_name="Fake RTX", unavailable_reason="only in imported files"),
    fakes.absent_hardware_row(hardware_id="mps-absent", hardware_type="MPS", unavailable_reason="not a Mac | no Metal"),
    fakes.absent_hardware_row(hardware_id="webnn-absent", hardware_type="WebNN", unavailable_reason="no browser\nhere"),
]  # fmt: skip

MODELS = [
    fakes.model_row(model_id=BERT),
    fakes.model_row(model_id=VIT, model_name="fake/vit", model_family="vit", parameters_million=86.6),
    fakes.model_row(model_id=WHISPER, model_name="fake/whisper", model_family="whisper", parameters_million=None),
    fakes.model_row(model_id=UNTESTED, model_name="fake/untested"),
    fakes.model_row(model_id=ODD, model_name=ODD),
]


_OF_RESULT = (
    "memory_peak_mb", "is_noisy", "rounds", "slow_rounds", "environment",
    "time_to_first_token_ms", "time_per_output_token_ms", "tokens_per_second", "new_tokens",
)  # fmt: skip


def passed(number: int, p50: float, **case: Any) -> tuple[Any, Any]:
    """A passed test and its result: the interval is 2 % to either side unless `spread` says otherwise."""
    spread = case.pop("spread", 0.02)
    numbers = {
        "p50_latency_ms": p50, "ci95_low_ms": p50 * (1 - spread), "ci95_high_ms": p50 * (1 + spread),
        "average_latency_ms": p50 * 1.02, "p90_latency_ms": p50 * 1.2, "p99_latency_ms": p50 * 1.5,
        "min_latency_ms": p50 * 0.9, "max_latency_ms": p50 * 2, "std_latency_ms": p50 * 0.05,
        "throughput_items_per_second": 1000 * case.get("batch_size", 1) / (p50 * 1.02),
    }  # fmt: skip
    shown = {name: case.pop(name) for name in _OF_RESULT if name in case}
    test = fakes.test_row(id=f"test-{number}", **case)
    case["test_timestamp"] = case.pop("timestamp", fakes.NOON)
    for of_test in ("weights", "details"):
        case.pop(of_test, None)
    result = fakes.performance_row(id=f"performance-{number}", test_id=test.id, **case, **numbers, **shown)
    return test, result


WRITES = {
    "time_to_first_token_ms": 21.5,
    "time_per_output_token_ms": 4.0,
    "tokens_per_second": 250.0,
    "new_tokens": 32,
    "details": {"generation": {"reason": None, "texts": 9, "noise": []}},
}
WRITES_NOT = {"generation": {"reason": "token by token: wrong output <b>| at last", "texts": 0, "noise": []}}

PASSED = [
    passed(1, 9.5),
    passed(2, 6.1, endpoint_type="onnxruntime", environment={"threads": 2, "versions": {"onnxruntime": "1.24.1"}}),
    passed(3, 6.2, hardware_id=OPENVINO, endpoint_type="openvino", memory_peak_mb=None, details=WRITES_NOT),
    passed(4, 0.842, hardware_id=SOFTWARE, endpoint_type="webgpu-browser", is_noisy=True, **WRITES),
    passed(5, 70.0, batch_size=8),
    passed(6, 35.0, hardware_id=OPENVINO, endpoint_type="openvino", batch_size=8, weights="pretrained", rounds=1),
    passed(7, 1234.0, model_id=VIT, sequence_length=None, batch_size=32),
    passed(8, 12.3, model_id=VIT, hardware_id=OPENVINO, endpoint_type="openvino", sequence_length=None),
    passed(9, 20.0, model_id=ODD, **WRITES),
]

LATER = fakes.NOON + timedelta(minutes=5)
OTHER_TESTS = [
    fakes.failed_test_row(id="test-20", model_id=WHISPER, error_message=LONG_ERROR, timestamp=LATER),
    fakes.failed_test_row(
        id="test-21", model_id=WHISPER, hardware_id=OPENVINO, endpoint_type="openvino", status="timeout",
        error_message="no answer within 600 s",
    ),
    fakes.failed_test_row(
        id="test-22", model_id=VIT, hardware_id=OPENVINO, endpoint_type="openvino", status="crashed",
        sequence_length=None, error_message="the process died of signal 11 (SIGSEGV)", timestamp=LATER,
    ),
    fakes.failed_test_row(
        id="test-23", batch_size=8, status="skipped", error_message="not asked for", timestamp=LATER
    ),
    fakes.test_row(
        id="test-24", hardware_id=EMULATOR, endpoint_type="qnn_emulator", precision="int8", provenance="emulated"
    ),
    fakes.test_row(
        id="test-25", hardware_id=LEGACY, endpoint_type="pytorch", provenance="imported", test_type="import",
        precision=None, batch_size=None, sequence_length=None, execution_time=None, weights=None,
    ),
    fakes.failed_test_row(
        id="test-26", model_id=UNTESTED, hardware_id=OPENVINO, status="skipped", error_message="not asked for"
    ),
]  # fmt: skip

IMPORTED = fakes.performance_row(
    id="performance-25", hardware_id=LEGACY, test_id="test-25", provenance="imported", precision=None, batch_size=None,
    sequence_length=None, p50_latency_ms=0.5, ci95_low_ms=None, ci95_high_ms=None, p90_latency_ms=None,
    p99_latency_ms=None, throughput_items_per_second=None, memory_peak_mb=None, iterations=None, rounds=None,
    slow_rounds=None, is_noisy=None, min_latency_ms=None, max_latency_ms=None, std_latency_ms=None,
    average_latency_ms=None, coefficient_of_variation=None, model_load_ms=None, environment={},
)  # fmt: skip

COMPATIBILITY = [
    fakes.compatibility_row(id="c-1"),
    fakes.compatibility_row(id="c-2", hardware_id=OPENVINO),
    fakes.compatibility_row(id="c-3", model_id=VIT),
    fakes.compatibility_row(
        id="c-4", model_id=VIT, hardware_id=OPENVINO, compatibility_status="partial", compatibility_score=0.5,
        reason="the process died of signal 11 (SIGSEGV)",
    ),
    fakes.compatibility_row(
        id="c-5", model_id=WHISPER, compatibility_status="incompatible", compatibility_score=0.0, reason=LONG_ERROR
    ),
    fakes.compatibility_row(
        id="c-6", model_id=WHISPER, hardware_id=OPENVINO, compatibility_status="incompatible", compatibility_score=0.0,
        reason="no answer within 600 s",
    ),
    fakes.compatibility_row(id="c-7", model_id=ODD),
    fakes.compatibility_row(id="c-8", hardware_id=EMULATOR),
]  # fmt: skip

POWER = [
    fakes.power_row(id="power-1", test_id="test-1"),
    fakes.power_row(id="power-2", test_id="test-2"),
    fakes.power_row(
        id="power-3", test_id="test-3", hardware_id=OPENVINO, source="rapl", kind="measured", scope="cpu_package+dram",
        power_watts_avg=41.25, n_samples=12, reason=None,
    ),
]  # fmt: skip

CHANGES = [
    fakes.change_row(),
    fakes.change_row(
        id="change-2", model_id=ODD, metric="throughput_items_per_second", kind="improvement", value_before=50.0,
        value_after=60.0, what_changed=[], status="expected", note="a <b>new</b> kernel | at last",
    ),
    fakes.change_row(
        id="change-3", model_id=VIT, metric="success", kind="unstable", value_before=None, value_after=None,
        relative_change=None, relative_change_low=None, relative_change_high=None, confidence=None, what_changed=[],
        reason="passes and fails by turns: 6 changes in 8 tests", sequence_length=None,
    ),
    fakes.change_row(id="change-4", model_id=WHISPER, still_found=False),
]  # fmt: skip

RECOMMENDATIONS = [
    fakes.recommendation_row(),
    fakes.recommendation_row(
        id="recommendation-2", hardware_id=OPENVINO, endpoint_type="openvino", verdict="behind", place=2,
        probability_best=0.01, reason="median latency 20 ms",
    ),
]  # fmt: skip


def write_example(database: Path) -> None:
    with open_database(database) as connection:
        write_rows(connection, "hardware_platforms", HARDWARE)
        write_rows(connection, "models", MODELS)
        write_rows(connection, "test_results", [test for test, _ in PASSED] + OTHER_TESTS)
        write_rows(connection, "performance_results", [result for _, result in PASSED] + [IMPORTED])
        write_rows(connection, "hardware_compatibility", COMPATIBILITY, replace_slice={})
        write_rows(connection, "power_metrics", POWER)
        write_rows(connection, "performance_changes", CHANGES)
        write_rows(connection, "recommendations", RECOMMENDATIONS, replace_slice={})
