-- The latest test of one case (model, hardware, endpoint, precision, batch, sequence); measured only unless asked.
SELECT
    test.id AS test_id, test.run_id, test.timestamp, test.model_id, model.model_name, test.hardware_id,
    platform.hardware_type, platform.device_name, test.endpoint_type, test.precision, test.batch_size,
    test.sequence_length, test.status, test.success, test.error_message, test.execution_time, test.memory_usage,
    test.requested_device, test.actual_device, test.backend, test.backend_version, test.weights,
    test.parity_cosine, test.parity_max_abs, test.provenance
FROM latest_test_results AS test
JOIN models AS model USING (model_id)
JOIN hardware_platforms AS platform USING (hardware_id)
WHERE (test.provenance = 'measured' OR coalesce($include_unmeasured, FALSE))
    AND ($model_id IS NULL OR test.model_id = $model_id)
    AND ($hardware_id IS NULL OR test.hardware_id = $hardware_id)
ORDER BY ALL
