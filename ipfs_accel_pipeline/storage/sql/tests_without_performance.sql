-- One passed and measured test that has no row in performance_results.
SELECT id AS test_id, run_id, shard_id, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
FROM test_results
WHERE success AND provenance = 'measured'
    AND ($hardware_id IS NULL OR hardware_id = $hardware_id)
    AND id NOT IN (SELECT test_id FROM performance_results)
ORDER BY timestamp, test_id
