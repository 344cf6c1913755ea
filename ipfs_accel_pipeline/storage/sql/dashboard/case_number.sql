-- One case with numbers that meets the filters, and of $names the numbers alone: what decides which cases are drawn.
SELECT
    test_id, precision, batch_size, not_ranked_reason IS NULL AS is_ranked,
    list_transform(
        $names::VARCHAR[],
        lambda name: map {
            'p50_latency_ms': p50_latency_ms, 'throughput_items_per_second': throughput_items_per_second,
            'tokens_per_second': tokens_per_second, 'time_to_first_token_ms': time_to_first_token_ms,
            'memory_peak_mb': memory_peak_mb, 'joules_per_item': joules_per_item, 'power_watts_avg': power_watts_avg,
            'model_load_ms': model_load_ms, 'parameters_million': parameters_million
        }[name]
    ) AS numbers
FROM chosen_cases($filters)
WHERE p50_latency_ms IS NOT NULL
ORDER BY model_id, p50_latency_ms, test_id
