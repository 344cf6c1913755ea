"""The generations of the original's database schema, each with rows as its writers left them.

Column names and types are those of the original; the rows are made up. `GENERATIONS`: name -> the statements that make
the file, and of each finding the model, hardware, status, grade and figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Expected(NamedTuple):
    model: str
    hardware: str
    status: str
    grade: str
    values: Mapping[str, Any]


class Generation(NamedTuple):
    script: str
    expected: tuple[Expected, ...]


_MODELS = """
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name VARCHAR, model_family VARCHAR, modality VARCHAR,
        source VARCHAR, version VARCHAR, parameters_million FLOAT, metadata JSON, created_at TIMESTAMP);
    INSERT INTO models (model_id, model_name) VALUES (1, 'bert-base-uncased'), (2, 't5-small');
"""
_PLATFORMS = """
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, device_name VARCHAR,
        platform VARCHAR, platform_version VARCHAR, driver_version VARCHAR, memory_gb FLOAT, compute_units INTEGER,
        metadata JSON, created_at TIMESTAMP);
    INSERT INTO hardware_platforms (hardware_id, hardware_type, device_name, platform, memory_gb) VALUES
        (1, 'cpu', 'EPYC 7B13', 'x86_64', NULL), (2, 'cuda', 'NVIDIA A100', 'cuda', 40), (3, 'webgpu', 'WebGPU',
        'web', 0);
"""
_WHEN = "TIMESTAMP '2025-03-03 05:31:01.215'"

NORMALIZED = Generation(
    f"""{_MODELS}{_PLATFORMS}
    CREATE TABLE test_runs (run_id INTEGER PRIMARY KEY, test_name VARCHAR, test_type VARCHAR, started_at TIMESTAMP,
        completed_at TIMESTAMP, execution_time_seconds FLOAT, success BOOLEAN, git_commit VARCHAR, metadata JSON);
    INSERT INTO test_runs (run_id, test_name, started_at, success) VALUES (1, 'nightly', {_WHEN}, TRUE);
    CREATE TABLE performance_results (result_id INTEGER PRIMARY KEY, run_id INTEGER, model_id INTEGER,
        hardware_id INTEGER, test_case VARCHAR, batch_size INTEGER, precision VARCHAR, total_time_seconds DOUBLE,
        average_latency_ms DOUBLE, throughput_items_per_second DOUBLE, memory_peak_mb DOUBLE, iterations INTEGER,
        warmup_iterations INTEGER, metrics JSON, created_at TIMESTAMP);
    INSERT INTO performance_results VALUES
        (1, 1, 1, 2, 'embedding', 2, 'fp32', 5.522726, 12.3456789, 162.0000012, 2874.39, 100, 10, '{{}}', {_WHEN}),
        (2, 1, 1, 1, 'embedding', 1, 'fp32', NULL, 98.7654321, NULL, NULL, 100, 10,
         '{{"p90_latency_ms": 101.23456, "is_simulated": false}}', NULL),
        (3, 1, 2, 1, 'embedding', 1, 'fp32', 0.0, 0.0, 0.0, 0.0, NULL, NULL, NULL, {_WHEN});
    CREATE TABLE hardware_compatibility (compatibility_id INTEGER, run_id INTEGER, model_id INTEGER,
        hardware_id INTEGER, is_compatible BOOLEAN, detection_success BOOLEAN, initialization_success BOOLEAN,
        error_message VARCHAR, error_type VARCHAR, suggested_fix VARCHAR, compatibility_score FLOAT, metadata JSON,
        created_at TIMESTAMP);
    INSERT INTO hardware_compatibility (compatibility_id, model_id, hardware_id, is_compatible, error_message)
        VALUES (1, 2, 2, FALSE, 'CUDA out of memory');
    CREATE TABLE web_platform_results (result_id INTEGER, run_id INTEGER, model_id INTEGER, hardware_id INTEGER,
        platform VARCHAR, browser VARCHAR, browser_version VARCHAR, test_file VARCHAR, success BOOLEAN,
        load_time_ms DOUBLE, initialization_time_ms DOUBLE, inference_time_ms DOUBLE, total_time_ms DOUBLE,
        shader_compilation_time_ms DOUBLE, memory_usage_mb DOUBLE, error_message VARCHAR, metrics JSON,
        created_at TIMESTAMP);
    INSERT INTO web_platform_results (result_id, model_id, platform, browser, success, load_time_ms, inference_time_ms,
        metrics, created_at) VALUES
        (1, 1, 'webnn', 'edge', TRUE, 512.125, 45.678901, '{{"adapter": {{"is_real_hardware": false}}}}', {_WHEN});
    """,
    (
        Expected("t5-small", "cuda", "out_of_memory", "claimed", {}),
        Expected(
            "bert-base-uncased",
            "cuda",
            "passed",
            "claimed",
            {"average_latency_ms": 12.3456789, "batch_size": 2, "execution_time": 5.522726, "memory_peak_mb": 2874.39},
        ),
        Expected(
            "bert-base-uncased",
            "cpu",
            "passed",
            "claimed",
            {"average_latency_ms": 98.7654321, "p90_latency_ms": 101.23456},
        ),
        Expected(
            "bert-base-uncased",
            "webnn",
            "passed",
            "simulated",
            {"average_latency_ms": 45.678901, "model_load_ms": 512.125},
        ),
    ),
)

SEED = Generation(
    f"""{_MODELS}
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, device_name VARCHAR,
        compute_units INTEGER, memory_capacity FLOAT, driver_version VARCHAR, supported_precisions VARCHAR,
        max_batch_size INTEGER, detected_at TIMESTAMP);
    INSERT INTO hardware_platforms (hardware_id, hardware_type, device_name) VALUES (1, 'cpu', 'EPYC'), (2, 'qnn',
        'S24');
    CREATE TABLE test_results (id INTEGER PRIMARY KEY, timestamp TIMESTAMP, test_date VARCHAR, status VARCHAR,
        test_type VARCHAR, model_id INTEGER, hardware_id INTEGER, endpoint_type VARCHAR, success BOOLEAN,
        error_message VARCHAR, execution_time FLOAT, memory_usage FLOAT, details VARCHAR);
    INSERT INTO test_results VALUES
        (1, {_WHEN}, '2025-03-03', 'success', 'benchmark', 1, 1, 'local', TRUE, NULL, 10.5, 2048.5,
        '{{"batch_size": 16}}'),
        (2, {_WHEN}, '2025-03-03', 'failed', 'benchmark', 2, 2, 'local', FALSE, 'adapter lost', NULL, NULL,
         '{{"simulated": true, "simulation_reason": "no SDK"}}'),
        (3, {_WHEN}, '2025-03-03', 'running', 'benchmark', 2, 2, 'local', NULL, NULL, NULL, NULL, NULL);
    CREATE TABLE performance_results (id INTEGER PRIMARY KEY, model_id INTEGER, hardware_id INTEGER, batch_size INTEGER,
        sequence_length INTEGER, average_latency_ms DOUBLE, p50_latency_ms DOUBLE, p90_latency_ms DOUBLE,
        p99_latency_ms DOUBLE, throughput_items_per_second DOUBLE, memory_peak_mb DOUBLE, power_watts DOUBLE,
        energy_efficiency_items_per_joule DOUBLE, test_timestamp TIMESTAMP);
    INSERT INTO performance_results VALUES
        (1, 1, 1, 1, 128, 12.5, 12, 15, 18, 80, 2048, 45, 1.7, {_WHEN}),
        (2, 1, 1, 1, 128, 21.987654, 21.87654, 25.1234, NULL, 45.4800041, NULL, 17.654321, NULL, {_WHEN});
    CREATE TABLE hardware_compatibility (id INTEGER, model_id INTEGER, hardware_id INTEGER,
        compatibility_status VARCHAR,
        compatibility_score FLOAT, recommended BOOLEAN, last_tested TIMESTAMP);
    INSERT INTO hardware_compatibility VALUES (1, 1, 1, 'compatible', 0.95, TRUE, {_WHEN});
    CREATE TABLE power_metrics (id INTEGER, test_id INTEGER, model_id INTEGER, hardware_id INTEGER,
        power_watts_avg DOUBLE, power_watts_peak DOUBLE, temperature_celsius_avg DOUBLE,
        temperature_celsius_peak DOUBLE,
        battery_impact_mah DOUBLE, test_duration_seconds DOUBLE, estimated_runtime_hours DOUBLE,
        test_timestamp TIMESTAMP);
    INSERT INTO power_metrics VALUES (1, 1, 1, 1, 15.234567, 22.5, 45.75, 52.125, NULL, 60, NULL, {_WHEN});
    CREATE TABLE ipfs_acceleration_results (id INTEGER, test_id INTEGER, model_id INTEGER, cid VARCHAR, source VARCHAR,
        transfer_time_ms FLOAT, p2p_optimized BOOLEAN, peer_count INTEGER, load_time_ms FLOAT,
        test_timestamp TIMESTAMP);
    INSERT INTO ipfs_acceleration_results VALUES (1, 1, 1, 'QmSample', 'p2p', 45.6, TRUE, 5, 78.9, {_WHEN});
    """,
    (
        Expected(
            "bert-base-uncased", "cpu", "passed", "hand-written", {"average_latency_ms": 12.5, "power_watts": 45.0}
        ),
        Expected(
            "bert-base-uncased", "cpu", "passed", "claimed", {"average_latency_ms": 21.987654, "power_watts": 17.654321}
        ),
        Expected(
            "bert-base-uncased",
            "cpu",
            "passed",
            "claimed",
            {"power_watts": 15.234567, "power_watts_peak": 22.5, "temperature_celsius_peak": 52.125},
        ),
        Expected("bert-base-uncased", "cpu", "passed", "claimed", {"execution_time": 10.5, "batch_size": 16}),
        Expected("t5-small", "qnn", "error", "simulated", {}),
    ),
)

SIMULATION_AWARE = Generation(
    f"""{_MODELS}{_PLATFORMS}
    CREATE TABLE performance_results (performance_id INTEGER PRIMARY KEY, run_id INTEGER, model_id INTEGER,
        hardware_id INTEGER, batch_size INTEGER, throughput_items_per_second DOUBLE, latency_ms DOUBLE,
        memory_mb DOUBLE,
        is_simulated BOOLEAN, simulation_reason VARCHAR, created_at TIMESTAMP, metadata JSON);
    INSERT INTO performance_results VALUES
        (1, 1, 1, 2, 1, 81.0000012, 12.3456789, 512.25, TRUE, 'no such hardware', {_WHEN}, NULL),
        (2, 1, 1, 1, 1, 20.2500001, 49.3827158, 512.25, FALSE, '', {_WHEN}, NULL);
    """,
    (
        Expected(
            "bert-base-uncased",
            "cuda",
            "passed",
            "simulated",
            {"average_latency_ms": 12.3456789, "memory_used_mb": 512.25},
        ),
        Expected("bert-base-uncased", "cpu", "passed", "claimed", {"average_latency_ms": 49.3827158}),
    ),
)

GENERATED = Generation(
    f"""
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name VARCHAR, model_type VARCHAR, parameters BIGINT);
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, hardware_model VARCHAR,
        compute_units INTEGER, memory_capacity FLOAT);
    INSERT INTO models VALUES (1, 'whisper-tiny', 'audio', 39000000);
    INSERT INTO hardware_platforms VALUES (1, 'rocm', 'MI250', 208, 64);
    CREATE TABLE test_results (result_id INTEGER, test_date VARCHAR, test_timestamp TIMESTAMP, model_id INTEGER,
        hardware_id INTEGER, endpoint_type VARCHAR, batch_size INTEGER, run_id VARCHAR, success BOOLEAN,
        error_message VARCHAR, execution_time_seconds DOUBLE, details VARCHAR);
    INSERT INTO test_results VALUES (1, '2025-03-03', {_WHEN}, 1, 1, 'local', 4, 'test', FALSE, 'Timeout', 60.5,
        '{{}}');
    CREATE TABLE performance_results (result_id INTEGER, timestamp TIMESTAMP, model_id INTEGER, hardware_id INTEGER,
        batch_size INTEGER, sequence_length INTEGER, run_id VARCHAR, average_latency_ms DOUBLE, p90_latency_ms DOUBLE,
        p99_latency_ms DOUBLE, throughput_items_per_second DOUBLE, peak_memory_mb DOUBLE,
        power_consumption_watts DOUBLE,
        is_simulated BOOLEAN, simulation_reason VARCHAR);
    INSERT INTO performance_results VALUES
        (1, {_WHEN}, 1, 1, 4, 128, 'benchmark', 33.3456789, 0.0, 0.0, 119.955573, 701.125, 250.75, FALSE, '');
    """,
    (
        Expected(
            "whisper-tiny",
            "rocm",
            "passed",
            "claimed",
            {
                "average_latency_ms": 33.3456789,
                "memory_peak_mb": 701.125,
                "power_watts": 250.75,
                "sequence_length": 128,
            },
        ),
        Expected("whisper-tiny", "rocm", "timeout", "claimed", {"execution_time": 60.5, "batch_size": 4}),
    ),
)

REFACTORED = Generation(
    f"""{_MODELS}
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, device_name VARCHAR,
        platform VARCHAR, memory_gb FLOAT, simulation_mode BOOLEAN, simulation_warning VARCHAR,
        detection_timestamp TIMESTAMP);
    INSERT INTO hardware_platforms VALUES (1, 'cpu', 'EPYC', 'Linux', NULL, FALSE, NULL, {_WHEN}),
        (2, 'qualcomm', 'Snapdragon', 'Linux', NULL, TRUE, 'QNN is simulated', {_WHEN});
    CREATE TABLE performance_results (result_id INTEGER, run_id INTEGER, model_id INTEGER, hardware_id INTEGER,
        test_case VARCHAR, batch_size INTEGER, precision VARCHAR, throughput_items_per_second DOUBLE,
        average_latency_ms DOUBLE, memory_peak_mb DOUBLE, simulation_mode BOOLEAN, simulation_details VARCHAR,
        metrics VARCHAR, created_at TIMESTAMP);
    INSERT INTO performance_results VALUES
        (1, 1, 1, 1, 'x', 1, 'fp32', 40.5123401, 24.6838, 300.5, FALSE, NULL, '{{"simulation_mode": false}}', {_WHEN}),
        (2, 1, 1, 2, 'x', 1, 'fp32', 81.0246802, 12.3419, 300.5, FALSE, NULL, NULL, {_WHEN});
    """,
    (
        Expected("bert-base-uncased", "cpu", "passed", "claimed", {"average_latency_ms": 24.6838}),
        Expected("bert-base-uncased", "qualcomm", "passed", "simulated", {"average_latency_ms": 12.3419}),
    ),
)

IMPROVED = Generation(
    f"""
    CREATE TABLE models (model_id INTEGER PRIMARY KEY, model_name VARCHAR, model_family VARCHAR, task VARCHAR);
    CREATE TABLE hardware_platforms (hardware_id INTEGER PRIMARY KEY, hardware_type VARCHAR, hardware_name VARCHAR,
        device_count INTEGER, version VARCHAR, metadata JSON);
    INSERT INTO models VALUES (5, 'gpt2', 'gpt', 'text-generation');
    INSERT INTO hardware_platforms VALUES (9, 'mps', 'Apple M2', 1, NULL, NULL);
    CREATE TABLE test_results (test_result_id INTEGER, run_id INTEGER, test_name VARCHAR, status VARCHAR,
        execution_time_seconds DOUBLE, model_id INTEGER, hardware_id INTEGER, error_message VARCHAR,
        timestamp TIMESTAMP, metadata JSON);
    INSERT INTO test_results VALUES (1, 1, 'test_forward', 'PASS', 1.2345678, 5, 9, NULL, {_WHEN}, NULL),
        (2, 1, 'test_forward', 'skipped', NULL, 5, 9, 'not available', {_WHEN}, NULL);
    CREATE TABLE performance_results (result_id INTEGER, run_id INTEGER, model_id INTEGER, hardware_id INTEGER,
        batch_size INTEGER, sequence_length INTEGER, input_shape VARCHAR, throughput_items_per_second DOUBLE,
        latency_ms DOUBLE, memory_mb DOUBLE, timestamp TIMESTAMP, metadata JSON);
    INSERT INTO performance_results VALUES (1, 1, 5, 9, 1, 64, '[1, 64]', NULL, 17.1234567, 400.5, {_WHEN}, NULL);
    """,
    (
        Expected("gpt2", "mps", "passed", "claimed", {"average_latency_ms": 17.1234567, "memory_used_mb": 400.5}),
        Expected("gpt2", "mps", "passed", "claimed", {"execution_time": 1.2345678}),
        Expected("gpt2", "mps", "skipped", "claimed", {}),
    ),
)

NAMED = Generation(
    f"""
    CREATE TABLE benchmark_performance (id INTEGER, model VARCHAR, hardware VARCHAR, device VARCHAR, batch_size INTEGER,
        precision VARCHAR, throughput DOUBLE, latency_avg DOUBLE, latency_p90 DOUBLE, latency_p95 DOUBLE,
        latency_p99 DOUBLE, memory_peak DOUBLE, timestamp TIMESTAMP, source_file VARCHAR, notes VARCHAR);
    INSERT INTO benchmark_performance VALUES
        (1, 'facebook/hubert-base-ls960', 'AMD ROCm', 'unknown', 1, 'fp32', 30.3030301, 33.0000033, 40.5, 41.5,
        42.5, 900.5,
         {_WHEN}, 'a.json', ''),
        (2, 'unknown', 'CPU', 'unknown', 1, 'fp32', 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, {_WHEN}, 'b.json', ''),
        (3, 'bert-base-uncased', 'CPU', 'unknown', 1, 'fp32', 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, {_WHEN}, 'b.json', '');
    CREATE TABLE benchmark_compatibility (id INTEGER, model VARCHAR, hardware_type VARCHAR, is_compatible BOOLEAN,
        compatibility_level VARCHAR, error_message VARCHAR, error_type VARCHAR, memory_required FLOAT,
        memory_available FLOAT, timestamp TIMESTAMP, source_file VARCHAR);
    INSERT INTO benchmark_compatibility (id, model, hardware_type, is_compatible, timestamp) VALUES
        (1, 'bert-base-uncased', 'openvino', TRUE, {_WHEN});
    """,
    (
        Expected("bert-base-uncased", "openvino", "passed", "claimed", {}),
        Expected(
            "facebook/hubert-base-ls960",
            "AMD ROCm",
            "passed",
            "claimed",
            {"average_latency_ms": 33.0000033, "p95_latency_ms": 41.5, "memory_peak_mb": 900.5},
        ),
    ),
)

BROWSER = Generation(
    f"""
    CREATE TABLE webnn_webgpu_results (id INTEGER, timestamp TIMESTAMP, model_name VARCHAR, model_type VARCHAR,
        platform VARCHAR, browser VARCHAR, is_real_implementation BOOLEAN, is_simulation BOOLEAN, precision INTEGER,
        latency_ms DOUBLE, throughput_items_per_sec DOUBLE, memory_usage_mb DOUBLE, adapter_info JSON, details JSON);
    INSERT INTO webnn_webgpu_results VALUES
        (1, {_WHEN}, 'bert-base-uncased', 'text', 'webgpu', 'firefox', FALSE, FALSE, 16, 45.678901, 21.8919453,
        310.5, NULL, NULL),
        (2, {_WHEN}, 'bert-base-uncased', 'text', 'webnn', 'edge', TRUE, FALSE, 16, 55.678901, 17.9601242, 310.5,
        NULL, NULL);
    CREATE TABLE web_platform_optimizations (id INTEGER, test_datetime TIMESTAMP, test_type VARCHAR, model_name VARCHAR,
        optimization_enabled BOOLEAN, execution_time_ms DOUBLE, hardware_type VARCHAR, browser VARCHAR,
        environment VARCHAR);
    INSERT INTO web_platform_optimizations VALUES
        (1, {_WHEN}, 'compute_shader', 'whisper-tiny', TRUE, 4.67157364, 'webgpu', 'chrome', 'simulation');
    CREATE TABLE ipfs_acceleration_results (id INTEGER, run_id VARCHAR, model_name VARCHAR, endpoint_type VARCHAR,
        acceleration_type VARCHAR, status VARCHAR, success BOOLEAN, execution_time_ms DOUBLE,
        implementation_type VARCHAR,
        error_message VARCHAR, additional_data VARCHAR, test_date TIMESTAMP);
    INSERT INTO ipfs_acceleration_results VALUES
        (1, 'r', 'bert-base-uncased', 'local_endpoint', 'cuda', 'Success', TRUE, 1234.5678, '(MOCK)', NULL, '{{}}',
        {_WHEN});
    """,
    (
        Expected("bert-base-uncased", "cuda", "passed", "simulated", {"execution_time": 1.2345678}),
        Expected("whisper-tiny", "webgpu", "passed", "simulated", {"execution_time": 0.00467157364}),
        Expected("bert-base-uncased", "webgpu", "passed", "simulated", {"average_latency_ms": 45.678901}),
        Expected("bert-base-uncased", "webnn", "passed", "claimed", {"average_latency_ms": 55.678901}),
    ),
)

BY_RUN = Generation(
    f"""
    CREATE TABLE benchmark_runs (id VARCHAR, timestamp TIMESTAMP, model_id VARCHAR, device VARCHAR, precision VARCHAR,
        architecture_type VARCHAR, task VARCHAR);
    INSERT INTO benchmark_runs VALUES ('aa', {_WHEN}, 'google-t5/t5-small', 'cuda:0', 'fp16', 'encoder-decoder', 'x');
    CREATE TABLE benchmark_results (id VARCHAR, run_id VARCHAR, batch_size INTEGER, sequence_length INTEGER,
        iterations INTEGER, latency_mean_ms DOUBLE, latency_median_ms DOUBLE, latency_min_ms DOUBLE,
        latency_max_ms DOUBLE,
        latency_std_ms DOUBLE, latency_90p_ms DOUBLE, throughput_samples_per_sec DOUBLE, memory_usage_mb DOUBLE,
        peak_memory_mb DOUBLE, first_token_latency_ms DOUBLE);
    INSERT INTO benchmark_results VALUES
        ('x', 'aa', 8, 64, 50, 41.2345678, 40.12345, 38.1, 60.2, 3.3, 47.89, 194.012459, 812.5, 930.75, NULL),
        ('y', 'zz', 8, 64, 50, 41.2345678, 40.12345, 38.1, 60.2, 3.3, 47.89, 194.012459, 812.5, 930.75, NULL);
    """,
    (
        Expected(
            "google-t5/t5-small",
            "cuda:0",
            "passed",
            "claimed",
            {
                "average_latency_ms": 41.2345678,
                "p50_latency_ms": 40.12345,
                "p90_latency_ms": 47.89,
                "memory_peak_mb": 930.75,
            },
        ),
    ),
)

SIMULATIONS = Generation(
    f"""
    CREATE TABLE hardware_results (id VARCHAR, model_id VARCHAR, hardware_id VARCHAR, batch_size INTEGER,
        precision VARCHAR, timestamp TIMESTAMP, throughput_items_per_second DOUBLE, average_latency_ms DOUBLE,
        memory_peak_mb DOUBLE, power_consumption_w DOUBLE, initialization_time_ms DOUBLE);
    INSERT INTO hardware_results VALUES
        ('a', 'bert-base-uncased', 'cuda', 4, 'fp32', {_WHEN}, 83.5670091, 47.8657552, 1005.303, 132.982, 12.5),
        ('b', 'bert-base-uncased', 'gpu_rtx3080', 4, 'fp32', {_WHEN}, 83.5670091, 47.8657552, 1005.303, 132.982, 12.5);
    CREATE TABLE simulation_results (id VARCHAR, model_id VARCHAR, hardware_id VARCHAR, batch_size INTEGER,
        precision VARCHAR, timestamp TIMESTAMP, simulation_version VARCHAR, throughput_items_per_second DOUBLE,
        average_latency_ms DOUBLE);
    INSERT INTO simulation_results VALUES ('a', 'bert-base-uncased', 'cuda', 4, 'fp32', {_WHEN}, 'v1', 68.3060167,
        58.560001);
    CREATE TABLE performance_predictions (id INTEGER, model_name VARCHAR, hardware_platform VARCHAR, throughput DOUBLE,
        latency DOUBLE, confidence_score DOUBLE, prediction_source VARCHAR);
    INSERT INTO performance_predictions VALUES (1, 'bert-base-uncased', 'cuda', 81.5, 12.5, 0.9, 'model');
    """,
    (
        Expected("bert-base-uncased", "cuda", "passed", "claimed", {"power_watts": 132.982, "initialization_ms": 12.5}),
        Expected("bert-base-uncased", "gpu_rtx3080", "passed", "claimed", {}),
        Expected("bert-base-uncased", "cuda", "passed", "simulated", {"average_latency_ms": 58.560001}),
    ),
)

GENERATIONS = {
    "normalized": NORMALIZED,
    "seed": SEED,
    "simulation-aware": SIMULATION_AWARE,
    "generated": GENERATED,
    "refactored": REFACTORED,
    "improved": IMPROVED,
    "named": NAMED,
    "browser": BROWSER,
    "by run": BY_RUN,
    "simulations": SIMULATIONS,
}
