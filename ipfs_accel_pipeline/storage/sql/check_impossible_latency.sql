-- A performance row whose latencies cannot be: not positive, or percentiles out of order.
SELECT id, model_id, hardware_id, min_latency_ms, p50_latency_ms, p90_latency_ms, p99_latency_ms, max_latency_ms
FROM performance_results
WHERE average_latency_ms <= 0 OR p50_latency_ms <= 0
    OR p50_latency_ms > p90_latency_ms OR p90_latency_ms > p99_latency_ms
    OR min_latency_ms > p50_latency_ms OR p99_latency_ms > max_latency_ms
ORDER BY id
