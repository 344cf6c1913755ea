-- One case with numbers that meets the filters: the numbers that can be drawn and little else, so that all can be asked.
SELECT
    test_id, precision, batch_size, not_ranked_reason IS NULL AS is_ranked,
    p50_latency_ms, throughput_items_per_second, tokens_per_second, time_to_first_token_ms, memory_peak_mb,
    joules_per_item, power_watts, load_and_compile_ms, parameters_million
FROM chosen_cases($filters)
WHERE p50_latency_ms IS NOT NULL
ORDER BY model_id, p50_latency_ms, test_id
