-- One case with numbers, those with the longest history first.
SELECT
    model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, provenance, results, result_at
FROM chosen_cases($filters)
WHERE p50_latency_ms IS NOT NULL
ORDER BY results DESC, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, provenance
LIMIT coalesce($count, 200)
