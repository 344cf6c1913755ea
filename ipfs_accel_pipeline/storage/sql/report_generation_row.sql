-- Text written token by token in the latest result of one case (model, hardware, endpoint, precision, batch, sequence
-- length) per provenance, or why that case wrote none. Models that do not write text have no row.
SELECT
    p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length,
    p.time_to_first_token_ms, p.time_per_output_token_ms, p.tokens_per_second,
    p.new_tokens, CAST(t.details ->> '$.generation.texts' AS INTEGER) AS texts,
    p.provenance, h.acceleration, t.weights, CAST(p.environment ->> 'threads' AS INTEGER) AS threads,
    json_array_length(t.details, '$.generation.noise') > 0 AS is_noisy, p.rounds, p.slow_rounds,
    t.details ->> '$.generation.reason' AS reason, p.test_timestamp
FROM latest_performance_results AS p
JOIN hardware_platforms AS h USING (hardware_id)
JOIN test_results AS t ON t.id = p.test_id
WHERE list_contains($models::VARCHAR[], p.model_id) AND list_contains($hardware::VARCHAR[], p.hardware_id)
    AND ($since IS NULL OR p.test_timestamp >= $since::TIMESTAMPTZ)
    AND (
        coalesce(p.tokens_per_second, p.time_per_output_token_ms, p.time_to_first_token_ms) IS NOT NULL
        OR (t.details ->> '$.generation.reason') IS NOT NULL
    )
ORDER BY
    p.model_id, p.precision, p.batch_size, p.sequence_length, p.tokens_per_second DESC NULLS LAST, p.hardware_id,
    p.endpoint_type, p.provenance
