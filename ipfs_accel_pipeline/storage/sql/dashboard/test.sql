-- The test of this id, with what is known of its model, platform, numbers and power.
SELECT
    t.id AS test_id, t.run_id, t."timestamp" AS tested_at, t.status, t.success, t.test_type, t.provenance,
    t.error_message, t.execution_time AS execution_time_s, t.memory_usage AS memory_usage_mb, t.details,
    t.requested_device, t.actual_device, t.backend, t.backend_version, t.precision, t.batch_size, t.sequence_length,
    t.weights, t.parity_cosine, t.parity_max_abs, t.model_version_id, t.shard_id, t.endpoint_type,
    t.model_id, m.model_name, m.model_family, m.model_type, m.parameters_million,
    t.hardware_id, h.hardware_type, h.device_name, h.driver_version, h.acceleration, h.hostname,
    p.average_latency_ms, p.p50_latency_ms, p.p90_latency_ms, p.p99_latency_ms, p.min_latency_ms, p.max_latency_ms,
    p.std_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.coefficient_of_variation, p.throughput_items_per_second,
    p.memory_peak_mb, p.model_load_ms, p.compile_ms, p.first_inference_ms,
    p.time_to_first_token_ms, p.time_per_output_token_ms, p.tokens_per_second, p.new_tokens,
    t.details ->> '$.generation.reason' AS no_generation_reason, p.iterations, p.warmup_iterations, p.rounds,
    p.slow_rounds, p.is_noisy, p.canary_slowdown, p.cpu_p50_ms, p.energy_efficiency_items_per_joule,
    p.environment,
    w.power_watts_avg, w.power_watts_peak, w.temperature_celsius_avg, w.temperature_celsius_peak,
    w.source AS power_source, w.kind AS power_kind, w.scope AS power_scope, w.n_samples AS power_samples,
    w.reason AS power_reason
FROM test_results AS t
JOIN models AS m USING (model_id)
JOIN hardware_platforms AS h USING (hardware_id)
LEFT JOIN performance_results AS p ON p.test_id = t.id
LEFT JOIN power_metrics AS w ON w.test_id = t.id
WHERE t.id = $test_id
ORDER BY p.test_timestamp DESC, w.test_timestamp DESC
LIMIT 1
