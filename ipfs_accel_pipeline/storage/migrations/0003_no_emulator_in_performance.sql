-- An emulator's latency is its host's. Rows that say `emulated` were refused already; now also a row that lies about it.
--
-- DuckDB cannot add a CHECK to a table, so the table is made anew and its rows are moved.

DROP VIEW latest_performance_results;

CREATE TEMPORARY TABLE performance_results_before AS SELECT * FROM performance_results;

DROP TABLE performance_results;

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
    endpoint_type VARCHAR NOT NULL CHECK (endpoint_type <> 'qnn_emulator'),
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

INSERT INTO performance_results BY NAME SELECT * FROM performance_results_before;

DROP TABLE performance_results_before;

CREATE VIEW latest_performance_results AS
SELECT * FROM performance_results WHERE rowid IN (
    SELECT arg_max(rowid, test_timestamp) FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);
