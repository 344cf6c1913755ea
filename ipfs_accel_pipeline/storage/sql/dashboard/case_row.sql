-- One case that meets the filters, in reading order: case by case, ranked ones first, fastest first.
SELECT * FROM chosen_cases($filters)
ORDER BY
    model_id, precision, batch_size, sequence_length, threads, weights_digest, not_ranked_reason IS NOT NULL,
    p50_latency_ms, hardware_id, endpoint_type, provenance
LIMIT coalesce($count, 100000) OFFSET coalesce($skip, 0)
