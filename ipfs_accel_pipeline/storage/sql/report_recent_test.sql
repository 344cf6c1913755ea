-- One of the newest tests of the chosen models and hardware, newest first.
SELECT
    id AS test_id, "timestamp", model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, status,
    error_message AS error, provenance, execution_time AS execution_time_s, requested_device, actual_device
FROM test_results
WHERE list_contains($models::VARCHAR[], model_id) AND list_contains($hardware::VARCHAR[], hardware_id)
    AND ($since IS NULL OR "timestamp" >= $since::TIMESTAMPTZ)
ORDER BY "timestamp" DESC, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, id
LIMIT $count
