-- The latest result of one case (model, hardware, endpoint, precision, batch, sequence length) per provenance, and how
-- the newest test of that case ended: if it did not pass, these numbers are of the past.
WITH latest_test AS (
    SELECT
        model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, provenance,
        arg_max(status, ("timestamp", id)) AS latest_status
    FROM test_results
    WHERE status <> 'skipped'  -- not run, so it says nothing about the numbers
    GROUP BY ALL
)
SELECT
    p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length,
    p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.p90_latency_ms, p.p99_latency_ms,
    p.throughput_items_per_second, p.memory_peak_mb, p.energy_efficiency_items_per_joule, p.model_load_ms,
    p.compile_ms, p.iterations, p.rounds, p.slow_rounds, p.host_slowdown, p.is_noisy,
    p.provenance, h.acceleration, t.weights, CAST(p.environment ->> 'threads' AS INTEGER) AS threads,
    t.details ->> 'weights_digest' AS weights_digest, n.latest_status, p.test_timestamp, p.test_id
FROM latest_performance_results AS p
JOIN hardware_platforms AS h ON h.hardware_id = p.hardware_id
LEFT JOIN test_results AS t ON t.id = p.test_id
LEFT JOIN latest_test AS n
    ON n.model_id = p.model_id AND n.hardware_id = p.hardware_id AND n.endpoint_type = p.endpoint_type
    AND n.precision IS NOT DISTINCT FROM p.precision AND n.batch_size IS NOT DISTINCT FROM p.batch_size
    AND n.sequence_length IS NOT DISTINCT FROM p.sequence_length AND n.provenance = p.provenance
WHERE list_contains($models::VARCHAR[], p.model_id) AND list_contains($hardware::VARCHAR[], p.hardware_id)
    AND ($since IS NULL OR p.test_timestamp >= $since::TIMESTAMPTZ)
ORDER BY ALL
