-- The leading candidate for one model at one precision and shape, by one preference; of a tie, every tied one.
SELECT
    model_id, precision, batch_size, sequence_length, prefer, verdict, hardware_id, endpoint_type, threads,
    probability_best, p50_latency_ms, throughput_items_per_second, evidence_runs, newest_evidence_at, reason
FROM recommendations
WHERE verdict IN ('recommended', 'tie')
    AND list_contains($models::VARCHAR[], model_id) AND list_contains($hardware::VARCHAR[], hardware_id)
ORDER BY model_id, precision, batch_size, sequence_length, prefer, place
