-- One case with numbers that meets the filters, or only those of $tests: what a chart of many cases draws.
SELECT
    test_id, result_test_id, model_id, model_family, model_type, hardware_id, hardware_type, acceleration, endpoint_type,
    precision, batch_size, sequence_length, provenance, p50_latency_ms, throughput_items_per_second, memory_peak_mb,
    new_tokens,
    tokens_per_second, time_to_first_token_ms, joules_per_item, energy_efficiency_items_per_joule, power_watts, parameters_million, load_and_compile_ms, is_noisy,
    rank, not_ranked_reason
FROM chosen_cases($filters)
WHERE p50_latency_ms IS NOT NULL
    AND ($tests IS NULL OR test_id IN (SELECT unnest($tests::VARCHAR[])))
ORDER BY model_id, p50_latency_ms, test_id
LIMIT coalesce($count, 2000)
