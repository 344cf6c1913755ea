-- A measured performance row whose throughput is not batch size over average latency, by more than rounding.
SELECT id, model_id, hardware_id, batch_size, average_latency_ms, throughput_items_per_second
FROM performance_results
WHERE provenance = 'measured'
    AND abs(throughput_items_per_second * average_latency_ms / 1000 / batch_size - 1) > 1e-6
ORDER BY id
