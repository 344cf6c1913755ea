-- The latest performance of one case (model, hardware, endpoint, precision, batch, sequence); measured only unless asked.
-- `latest_status` is how the latest test of that case ended: other than 'passed', these numbers are of better days.
SELECT
    result.model_id, model.model_name, model.model_family, result.precision, result.batch_size, result.sequence_length,
    result.hardware_id, platform.hardware_type, platform.device_name, platform.acceleration, result.endpoint_type,
    result.average_latency_ms, result.p50_latency_ms, result.p90_latency_ms, result.p99_latency_ms,
    result.ci95_low_ms, result.ci95_high_ms, result.throughput_items_per_second, result.tokens_per_second,
    result.time_to_first_token_ms, result.time_per_output_token_ms, result.memory_peak_mb, result.power_watts,
    result.energy_efficiency_items_per_joule, result.first_inference_ms, result.model_load_ms, result.compile_ms,
    result.coefficient_of_variation, result.is_noisy, result.rounds, result.iterations,
    result.provenance, result.test_timestamp, result.test_id, result.run_id, test.status AS latest_status
FROM latest_performance_results AS result
JOIN models AS model USING (model_id)
JOIN hardware_platforms AS platform USING (hardware_id)
LEFT JOIN latest_test_results AS test
    ON test.provenance = result.provenance AND test.model_id = result.model_id AND test.hardware_id = result.hardware_id
    AND test.endpoint_type = result.endpoint_type AND test.precision IS NOT DISTINCT FROM result.precision
    AND test.batch_size IS NOT DISTINCT FROM result.batch_size
    AND test.sequence_length IS NOT DISTINCT FROM result.sequence_length
WHERE (result.provenance = 'measured' OR coalesce($include_unmeasured, FALSE))
    AND ($model_id IS NULL OR result.model_id = $model_id)
    AND ($hardware_id IS NULL OR result.hardware_id = $hardware_id)
ORDER BY
    result.model_id, result.precision, result.batch_size, result.sequence_length,
    result.p50_latency_ms, result.hardware_id, result.endpoint_type
