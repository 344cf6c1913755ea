-- One passed and measured test that has no row in power_metrics, not even one that says why nothing was measured.
SELECT id AS test_id, run_id, shard_id, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
FROM test_results
WHERE success AND provenance = 'measured'
    AND ($hardware_id IS NULL OR hardware_id = $hardware_id)
    AND id NOT IN (SELECT test_id FROM power_metrics)
ORDER BY timestamp, test_id
