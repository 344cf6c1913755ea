-- One result in the history of one case, oldest first, with the version of its runtime.
SELECT
    p.test_id, p.run_id, p.test_timestamp AS tested_at, p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms,
    p.p90_latency_ms, p.p99_latency_ms, p.throughput_items_per_second, p.tokens_per_second, p.new_tokens,
    p.time_to_first_token_ms, p.memory_peak_mb,
    1 / p.energy_efficiency_items_per_joule AS joules_per_item, p.is_noisy, p.provenance, p.slow_rounds, p.rounds,
    t.backend, t.backend_version, (p.environment ->> 'threads')::INTEGER AS threads, t.weights,
    t.details ->> 'weights_digest' AS weights_digest
FROM performance_results AS p
-- The test is of the same case: said here, the ids of all other tests are never looked at.
JOIN test_results AS t
    ON t.id = p.test_id AND t.model_id = $model_id AND t.hardware_id = $hardware_id
        AND t.endpoint_type = $endpoint_type AND t.precision IS NOT DISTINCT FROM $precision
        AND t.batch_size IS NOT DISTINCT FROM $batch_size
WHERE p.model_id = $model_id AND p.hardware_id = $hardware_id AND p.endpoint_type = $endpoint_type
    AND p.precision IS NOT DISTINCT FROM $precision AND p.batch_size IS NOT DISTINCT FROM $batch_size
    AND p.sequence_length IS NOT DISTINCT FROM $sequence_length AND p.provenance = $provenance
ORDER BY p.test_timestamp DESC, p.id
LIMIT coalesce($count, 2000)
