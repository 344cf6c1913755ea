-- One of the newest tests of one candidate (case, threads, weights), with what speaks for and against it.
-- Imported and emulated tests are there to be named as ruled out; skipped ones say nothing.
SELECT
    t.id AS test_id, t."timestamp", t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size,
    t.sequence_length, t.status, t.error_message, t.provenance, h.acceleration, t.weights,
    t.details ->> 'weights_digest' AS weights_digest,
    CAST(coalesce(p.environment, t.details -> 'environment') ->> 'threads' AS INTEGER) AS threads,
    p.p50_latency_ms, p.p99_latency_ms, p.throughput_items_per_second, p.memory_peak_mb, p.power_watts,
    p.energy_efficiency_items_per_joule, p.ci95_low_ms, p.ci95_high_ms, t.parity_cosine,
    coalesce(p.slow_rounds = p.rounds, FALSE) AS is_disturbed, p.host_slowdown
FROM test_results AS t
JOIN hardware_platforms AS h USING (hardware_id)
LEFT JOIN performance_results AS p ON p.test_id = t.id
WHERE t.status <> 'skipped' AND t.precision IS NOT NULL AND t.batch_size IS NOT NULL
    AND ($models::VARCHAR[] IS NULL OR list_contains($models, t.model_id))
QUALIFY row_number() OVER (
    PARTITION BY
        t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size, t.sequence_length, threads,
        weights_digest, t.provenance
    ORDER BY t."timestamp" DESC, t.id DESC
) <= coalesce($newest, 30)
ORDER BY t."timestamp", t.id
