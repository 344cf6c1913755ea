-- The newest result of one case within one run.
SELECT
    p.test_id, p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length, p.provenance,
    p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.min_latency_ms, p.max_latency_ms, p.p90_latency_ms,
    p.p99_latency_ms, p.throughput_items_per_second, p.memory_peak_mb, p.is_noisy, p.test_timestamp AS tested_at,
    p.environment ->> 'threads' AS threads, t.weights, t.details ->> 'weights_digest' AS weights_digest,
    h.acceleration, m.model_family, m.model_type, h.hardware_type
FROM performance_results AS p
JOIN test_results AS t ON t.id = p.test_id
JOIN hardware_platforms AS h ON h.hardware_id = p.hardware_id
JOIN models AS m ON m.model_id = p.model_id
WHERE p.run_id = $run_id
QUALIFY row_number() OVER (
    PARTITION BY p.provenance, p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length
    ORDER BY p.test_timestamp DESC, p.id
) = 1
ORDER BY p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length, p.provenance
