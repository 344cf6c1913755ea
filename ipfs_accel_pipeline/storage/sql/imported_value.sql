-- One imported test with the place of its values in the source, and the columns that were filled from them.
SELECT
    t.id, t.run_id, t.details -> 'source' AS source,
    t.model_id, t.requested_device, t.actual_device, t."timestamp", t.execution_time, t.memory_usage,
    t.batch_size, t.sequence_length,
    p.id AS performance_id, p.average_latency_ms, p.p50_latency_ms, p.p90_latency_ms, p.p99_latency_ms,
    p.min_latency_ms, p.max_latency_ms, p.throughput_items_per_second, p.memory_peak_mb, p.model_load_ms,
    p.first_inference_ms, p.iterations
FROM test_results AS t
LEFT JOIN performance_results AS p ON p.test_id = t.id
WHERE t.provenance = 'imported' AND t.test_type = 'import'
    AND list_contains($run_ids::VARCHAR[], t.run_id)
ORDER BY t.id
