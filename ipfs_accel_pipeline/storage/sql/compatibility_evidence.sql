-- The newest test of one case (model, hardware, endpoint, precision, batch, sequence) per provenance: whether it ran.
SELECT id AS test_id, model_id, hardware_id, endpoint_type, precision, status, error_message, "timestamp", provenance
FROM latest_test_results
WHERE $hardware_id IS NULL OR hardware_id = $hardware_id
ORDER BY ALL
