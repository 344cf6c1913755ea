-- The six tables: the seed's columns first, by its names and in its order, then ours (see records.py for units).
--
-- Rules of DuckDB 2.0 that shaped this file:
--   * no LIST and no second UNIQUE column in a table that others reference: rows with them cannot be updated; so JSON;
--   * CHECKs and FOREIGN KEYs cannot be added later, so every rule we know is written down here;
--   * a CHECK that is NULL passes, so a rule about an unknown number says nothing.
-- Columns that only a legacy import may lack are nullable and guarded by `provenance = 'imported' OR ...`.

CREATE TABLE hardware_platforms (
    hardware_id VARCHAR PRIMARY KEY,
    hardware_type VARCHAR NOT NULL
        CHECK (hardware_type IN ('CPU', 'CUDA', 'ROCm', 'MPS', 'OpenVINO', 'Qualcomm', 'WebNN', 'WebGPU')),
    device_name VARCHAR NOT NULL,
    compute_units INTEGER CHECK (compute_units > 0),
    memory_capacity DOUBLE CHECK (memory_capacity > 0),
    driver_version VARCHAR,
    supported_precisions JSON,
    max_batch_size INTEGER CHECK (max_batch_size > 0),
    detected_at TIMESTAMPTZ NOT NULL,
    available BOOLEAN NOT NULL,
    unavailable_reason VARCHAR,
    acceleration VARCHAR CHECK (acceleration IN ('hardware', 'software', 'emulated')),
    hostname VARCHAR NOT NULL,
    runtime JSON NOT NULL,
    CHECK (hardware_id <> ''),
    -- Absent hardware says why; present hardware has nothing to excuse.
    CHECK (available = (unavailable_reason IS NULL))
);

CREATE TABLE models (
    model_id VARCHAR PRIMARY KEY,
    model_name VARCHAR NOT NULL,
    model_family VARCHAR NOT NULL,
    model_type VARCHAR NOT NULL,
    model_size VARCHAR,
    parameters_million DOUBLE CHECK (parameters_million >= 0),
    added_at TIMESTAMPTZ NOT NULL,
    source VARCHAR NOT NULL,
    revision VARCHAR,
    task VARCHAR,
    modality VARCHAR,
    license VARCHAR,
    CHECK (model_id <> '')
);

CREATE TABLE test_results (
    id VARCHAR PRIMARY KEY,
    timestamp TIMESTAMPTZ NOT NULL,
    test_date DATE NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN (
        'passed', 'failed', 'error', 'crashed', 'timeout', 'out_of_memory', 'unsupported', 'skipped')),
    test_type VARCHAR NOT NULL CHECK (test_type IN ('benchmark', 'import')),
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    endpoint_type VARCHAR NOT NULL,
    success BOOLEAN NOT NULL,
    error_message VARCHAR,
    execution_time DOUBLE CHECK (execution_time >= 0),
    memory_usage DOUBLE CHECK (memory_usage >= 0),
    details JSON NOT NULL,
    run_id VARCHAR NOT NULL,
    provenance VARCHAR NOT NULL CHECK (provenance IN ('measured', 'imported', 'emulated')),
    requested_device VARCHAR,
    actual_device VARCHAR,
    backend VARCHAR,
    backend_version VARCHAR,
    precision VARCHAR,
    batch_size INTEGER CHECK (batch_size > 0),
    sequence_length INTEGER CHECK (sequence_length > 0),
    weights VARCHAR CHECK (weights IN ('pretrained', 'random')),
    parity_cosine DOUBLE,
    parity_max_abs DOUBLE CHECK (parity_max_abs >= 0),
    model_version_id VARCHAR,
    shard_id VARCHAR,  -- the shard this row was computed from: a shard without rows here is not loaded yet
    CHECK (success = (status = 'passed')),
    -- Whatever did not pass says why.
    CHECK (success OR error_message IS NOT NULL),
    CHECK (provenance = 'imported' OR (precision IS NOT NULL AND batch_size IS NOT NULL))
);

CREATE TABLE performance_results (
    id VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    batch_size INTEGER CHECK (batch_size > 0),
    sequence_length INTEGER CHECK (sequence_length > 0),
    average_latency_ms DOUBLE CHECK (average_latency_ms > 0 AND isfinite(average_latency_ms)),
    p50_latency_ms DOUBLE CHECK (p50_latency_ms > 0 AND isfinite(p50_latency_ms)),
    p90_latency_ms DOUBLE CHECK (p90_latency_ms > 0 AND isfinite(p90_latency_ms)),
    p99_latency_ms DOUBLE CHECK (p99_latency_ms > 0 AND isfinite(p99_latency_ms)),
    throughput_items_per_second DOUBLE
        CHECK (throughput_items_per_second > 0 AND isfinite(throughput_items_per_second)),
    memory_peak_mb DOUBLE CHECK (memory_peak_mb >= 0),
    power_watts DOUBLE CHECK (power_watts > 0),
    energy_efficiency_items_per_joule DOUBLE CHECK (energy_efficiency_items_per_joule > 0),
    test_timestamp TIMESTAMPTZ NOT NULL,
    test_id VARCHAR NOT NULL REFERENCES test_results (id),
    run_id VARCHAR NOT NULL,
    -- An emulator says that a model runs, never how fast: its numbers have no place here.
    provenance VARCHAR NOT NULL CHECK (provenance IN ('measured', 'imported')),
    endpoint_type VARCHAR NOT NULL,
    precision VARCHAR,
    iterations INTEGER CHECK (iterations > 0),
    warmup_iterations INTEGER CHECK (warmup_iterations >= 0),
    rounds INTEGER CHECK (rounds > 0),
    slow_rounds INTEGER CHECK (slow_rounds >= 0),
    min_latency_ms DOUBLE CHECK (min_latency_ms > 0),
    max_latency_ms DOUBLE CHECK (isfinite(max_latency_ms)),
    std_latency_ms DOUBLE CHECK (std_latency_ms >= 0),
    ci95_low_ms DOUBLE,
    ci95_high_ms DOUBLE,
    coefficient_of_variation DOUBLE CHECK (coefficient_of_variation >= 0),
    cpu_p50_ms DOUBLE CHECK (cpu_p50_ms >= 0),
    canary_slowdown DOUBLE CHECK (canary_slowdown > 0),
    is_noisy BOOLEAN,
    model_load_ms DOUBLE CHECK (model_load_ms >= 0),
    compile_ms DOUBLE CHECK (compile_ms >= 0),
    first_inference_ms DOUBLE CHECK (first_inference_ms >= 0),
    time_to_first_token_ms DOUBLE CHECK (time_to_first_token_ms > 0),
    time_per_output_token_ms DOUBLE CHECK (time_per_output_token_ms > 0),
    tokens_per_second DOUBLE CHECK (tokens_per_second > 0),
    environment JSON NOT NULL,
    CHECK (p50_latency_ms <= p90_latency_ms),
    CHECK (p90_latency_ms <= p99_latency_ms),
    CHECK (min_latency_ms <= p50_latency_ms),
    CHECK (p99_latency_ms <= max_latency_ms),
    CHECK (ci95_low_ms <= ci95_high_ms),
    CHECK (slow_rounds <= rounds),
    CHECK (provenance = 'imported' OR (
        batch_size IS NOT NULL AND precision IS NOT NULL
        AND average_latency_ms IS NOT NULL AND p50_latency_ms IS NOT NULL AND p90_latency_ms IS NOT NULL
        AND p99_latency_ms IS NOT NULL AND throughput_items_per_second IS NOT NULL)),
    CHECK (provenance = 'imported' OR (
        iterations IS NOT NULL AND rounds IS NOT NULL AND slow_rounds IS NOT NULL AND is_noisy IS NOT NULL
        AND min_latency_ms IS NOT NULL AND max_latency_ms IS NOT NULL AND std_latency_ms IS NOT NULL
        AND ci95_low_ms IS NOT NULL AND ci95_high_ms IS NOT NULL AND coefficient_of_variation IS NOT NULL))
);

CREATE TABLE hardware_compatibility (
    id VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    compatibility_status VARCHAR NOT NULL CHECK (compatibility_status IN ('compatible', 'partial', 'incompatible')),
    compatibility_score DOUBLE CHECK (compatibility_score BETWEEN 0 AND 1),
    recommended BOOLEAN,
    last_tested TIMESTAMPTZ NOT NULL,
    reason VARCHAR,
    UNIQUE (model_id, hardware_id),
    CHECK (compatibility_status = 'compatible' OR reason IS NOT NULL),
    CHECK (compatibility_score IS NOT NULL OR reason IS NOT NULL)
);

CREATE TABLE power_metrics (
    id VARCHAR PRIMARY KEY,
    test_id VARCHAR NOT NULL REFERENCES test_results (id),
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    -- A running device never draws 0 W: a zero here is a missing sensor, which is NULL with a reason.
    power_watts_avg DOUBLE CHECK (power_watts_avg > 0 AND isfinite(power_watts_avg)),
    power_watts_peak DOUBLE CHECK (power_watts_peak > 0 AND isfinite(power_watts_peak)),
    temperature_celsius_avg DOUBLE CHECK (isfinite(temperature_celsius_avg)),
    temperature_celsius_peak DOUBLE CHECK (isfinite(temperature_celsius_peak)),
    battery_impact_mah DOUBLE CHECK (battery_impact_mah >= 0),
    test_duration_seconds DOUBLE CHECK (test_duration_seconds >= 0),
    estimated_runtime_hours DOUBLE CHECK (estimated_runtime_hours >= 0),
    test_timestamp TIMESTAMPTZ NOT NULL,
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    kind VARCHAR CHECK (kind IN ('measured', 'modelled')),
    scope VARCHAR,
    n_samples INTEGER NOT NULL CHECK (n_samples >= 0),
    reason VARCHAR,
    -- No rule that peak >= average: the average comes from an energy counter, the peak from samples.
    CHECK (power_watts_avg IS NOT NULL OR reason IS NOT NULL),
    CHECK (power_watts_avg IS NULL OR kind IS NOT NULL)
);
