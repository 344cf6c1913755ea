"""A database of any size with believable shapes, for the tests and benchmarks of readers. Every number is invented.

The rows are made by SQL: a million takes seconds. Each combination of model and platform has a fate drawn from a hash,
so that the same call always makes the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.snapshot import publish_snapshot
from ipfs_accel_pipeline.storage.writing import write_rows
from ipfs_accel_pipeline_tests import fakes

_FAMILIES = (
    ("bert", "text_encoder"), ("gpt2", "text_decoder"), ("t5", "text_encoder_decoder"), ("vit", "vision"),
    ("whisper", "audio"), ("clip", "multimodal"), ("llama", "text_decoder"), ("resnet", "vision"),
)  # fmt: skip
_TYPES = ("CPU", "OpenVINO", "CUDA", "ROCm", "MPS", "WebGPU", "Qualcomm", "WebNN")


@dataclass(frozen=True)
class Size:
    models: int = 16
    platforms: int = 8
    runs: int = 6
    batches: tuple[int, ...] = (1, 8, 32)
    precisions: tuple[str, ...] = ("fp32", "int8")

    @property
    def cases(self) -> int:
        return self.models * self.platforms * len(self.batches) * len(self.precisions)


def write_synthetic(database: Path, size: Size) -> None:
    with open_database(database) as connection:
        write_rows(connection, "hardware_platforms", _platforms(size.platforms))
        write_rows(connection, "models", _models(size.models))
        connection.execute(
            _DRAWN, {"runs": size.runs, "batches": list(size.batches), "precisions": list(size.precisions)}
        )
        for statement in (_TESTS, _PERFORMANCE, _POWER, _COMPATIBILITY):
            connection.execute(statement)
        connection.execute("DROP TABLE drawn")


def publish_synthetic(folder: Path, size: Size) -> Path:
    """The snapshot of such a database, at the places of a data folder."""
    write_synthetic(folder / "benchmark.duckdb", size)
    return publish_snapshot(folder / "benchmark.duckdb", folder / "benchmark.snapshot.duckdb")


def _platforms(count: int) -> list[object]:
    rows = []
    for number in range(count):
        kind = _TYPES[number % len(_TYPES)]
        imitated = {"WebGPU": "software", "Qualcomm": "emulated"}.get(kind, "hardware")
        rows.append(
            fakes.hardware_row(
                hardware_id=f"{kind.lower()}-invented-{number:02}",
                hardware_type=kind,
                device_name=f"Invented {kind} device {number}",
                acceleration=imitated,
                driver_version=f"{500 + number}.1",
            )
        )
    absent = fakes.absent_hardware_row(
        hardware_id="webnn-absent", hardware_type="WebNN", unavailable_reason="no browser"
    )
    return [*rows, absent]


def _models(count: int) -> list[object]:
    return [
        fakes.model_row(
            model_id=f"invented/{family}-{number:03}",
            model_name=f"invented/{family}-{number:03}",
            model_family=family,
            model_type=kind,
            parameters_million=4.0 * 1.6 ** (number % 12),
        )
        for number in range(count)
        for family, kind in [_FAMILIES[number % len(_FAMILIES)]]
    ]


# One row per test. `u` and `v` lie in [0, 1): one is fixed for the pair of model and platform, one differs by run.
_DRAWN = """
CREATE TEMP TABLE drawn AS
WITH chosen AS (
    SELECT
        m.model_id, m.parameters_million, h.hardware_id, h.hardware_type, h.acceleration, precision, batch_size, run,
        CASE WHEN m.model_type IN ('vision', 'audio') THEN NULL ELSE 128 END AS sequence_length,
        CASE h.hardware_type
            WHEN 'CPU' THEN ['pytorch', 'onnxruntime'][1 + (hash(m.model_id, 'e') % 2)::INTEGER]
            WHEN 'OpenVINO' THEN 'openvino' WHEN 'WebGPU' THEN 'webgpu-browser' WHEN 'WebNN' THEN 'webnn'
            WHEN 'Qualcomm' THEN 'qnn_emulator' ELSE 'pytorch'
        END AS endpoint_type,
        hash(m.model_id, h.hardware_id) % 1000 / 1000 AS u,
        hash(m.model_id, h.hardware_id, precision, batch_size, run) % 1000 / 1000 AS v
    FROM models AS m, hardware_platforms AS h, unnest($batches::INTEGER[]) AS b(batch_size),
        unnest($precisions::VARCHAR[]) AS p(precision), range($runs) AS r(run)
    WHERE h.available
)
SELECT
    *, 't-' || row_number() OVER (ORDER BY run, model_id, hardware_id, precision, batch_size) AS id,
    TIMESTAMPTZ '2026-01-01 02:00:00+00' + to_days(run::INTEGER) + to_seconds((u * 3000)::BIGINT) AS tested_at,
    CASE
        WHEN hardware_type = 'Qualcomm' THEN 'emulated'
        WHEN u > 0.97 THEN 'imported'
        ELSE 'measured'
    END AS provenance,
    CASE
        WHEN provenance = 'imported' THEN 'passed'
        WHEN precision = 'int8' AND hardware_type IN ('MPS', 'WebGPU') THEN 'unsupported'
        WHEN u < 0.04 THEN 'error'
        WHEN u < 0.06 THEN 'timeout'
        WHEN u < 0.10 AND batch_size > 8 THEN 'out_of_memory'
        WHEN v < 0.01 THEN 'crashed'
        ELSE 'passed'
    END AS status,
    -- A step at the middle of the history for some, noise for all.
    0.5 * parameters_million * batch_size ** 0.8 * (0.3 + u) * CASE precision WHEN 'int8' THEN 0.6 ELSE 1 END
        * CASE hardware_type
            WHEN 'CUDA' THEN 0.1 WHEN 'ROCm' THEN 0.14 WHEN 'MPS' THEN 0.3 WHEN 'WebGPU' THEN 6 ELSE 1
        END
        * CASE WHEN u BETWEEN 0.5 AND 0.55 AND run >= $runs // 2 THEN 1.3 ELSE 1 END * (0.97 + 0.06 * v) AS p50,
    '1.' || (run * 3 // greatest($runs, 1)) || '.0' AS version
FROM chosen
"""
_TESTS = """
INSERT INTO test_results BY NAME
SELECT
    id, tested_at AS "timestamp", tested_at::DATE AS test_date, status,
    CASE provenance WHEN 'imported' THEN 'import' ELSE 'benchmark' END AS test_type, model_id, hardware_id,
    endpoint_type,
    status = 'passed' AS success,
    CASE WHEN status <> 'passed' THEN 'InventedError: this operator ended as ' || status || chr(10) || 'more'
    END AS error_message,
    1.5 AS execution_time, 100 + parameters_million AS memory_usage, '{"weights_digest": "0"}'::JSON AS details,
    CASE provenance WHEN 'imported' THEN 'import-' ELSE 'run-' END || lpad(run::VARCHAR, 3, '0') AS run_id, provenance,
    'device' AS requested_device, 'device' AS actual_device, endpoint_type AS backend, version AS backend_version,
    precision, batch_size, sequence_length, 'random' AS weights, 1.0 AS parity_cosine, 0.0 AS parity_max_abs
FROM drawn
"""
_PERFORMANCE = """
INSERT INTO performance_results BY NAME
SELECT
    'p-' || id AS id, model_id, hardware_id, batch_size, sequence_length, p50 * 1.02 AS average_latency_ms,
    p50 AS p50_latency_ms, p50 * 1.1 AS p90_latency_ms, p50 * 1.3 AS p99_latency_ms,
    1000 * batch_size / (p50 * 1.02) AS throughput_items_per_second,
    60 + 4 * parameters_million * (1 + batch_size / 32) AS memory_peak_mb,
    CASE WHEN hardware_type IN ('CUDA', 'CPU') THEN 40 + 200 * u END AS power_watts,
    CASE WHEN hardware_type IN ('CUDA', 'CPU') THEN 1000 * batch_size / (p50 * 1.02) / (40 + 200 * u) END
        AS energy_efficiency_items_per_joule,
    tested_at AS test_timestamp, id AS test_id,
    CASE provenance WHEN 'imported' THEN 'import-' ELSE 'run-' END || lpad(run::VARCHAR, 3, '0') AS run_id,
    provenance, endpoint_type, precision, 90 AS iterations, 3 AS warmup_iterations, 3 AS rounds, 0 AS slow_rounds,
    p50 * 0.95 AS min_latency_ms, p50 * 1.6 AS max_latency_ms, p50 * 0.04 AS std_latency_ms, p50 * 0.985 AS ci95_low_ms,
    p50 * 1.015 AS ci95_high_ms, 0.04 AS coefficient_of_variation, v > 0.95 AS is_noisy,
    200 + parameters_million AS model_load_ms,
    2 * p50 AS first_inference_ms, '{"threads": 2, "versions": {"invented": "1"}}'::JSON AS environment
FROM drawn WHERE status = 'passed' AND provenance <> 'emulated'
"""
_POWER = """
INSERT INTO power_metrics BY NAME
SELECT
    'w-' || id AS id, id AS test_id, model_id, hardware_id,
    CASE WHEN hardware_type IN ('CUDA', 'CPU') THEN 40 + 200 * u END AS power_watts_avg,
    CASE WHEN hardware_type IN ('CUDA', 'CPU') THEN 60 + 200 * u END AS power_watts_peak, 1.0 AS test_duration_seconds,
    tested_at AS test_timestamp, 'run' AS run_id,
    CASE hardware_type WHEN 'CUDA' THEN 'nvml' WHEN 'CPU' THEN 'rapl' ELSE 'unavailable' END AS source,
    CASE WHEN hardware_type IN ('CUDA', 'CPU') THEN 'measured' END AS kind, 'device' AS scope, 10 AS n_samples,
    CASE WHEN hardware_type NOT IN ('CUDA', 'CPU') THEN 'no sensor on an invented ' || hardware_type END AS reason
FROM drawn WHERE status = 'passed' AND provenance = 'measured'
"""
_COMPATIBILITY = """
INSERT INTO hardware_compatibility BY NAME
SELECT
    'c-' || model_id || hardware_id AS id, model_id, hardware_id,
    CASE avg(success::INTEGER) WHEN 1 THEN 'compatible' WHEN 0 THEN 'incompatible' ELSE 'partial' END
        AS compatibility_status,
    avg(success::INTEGER) AS compatibility_score, max("timestamp") AS last_tested,
    any_value(error_message) AS reason
FROM test_results GROUP BY model_id, hardware_id
"""
