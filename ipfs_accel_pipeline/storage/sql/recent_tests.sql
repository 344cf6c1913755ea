-- One test, newest first, with the reason if it did not pass; optionally of one run, and at most $row_limit.
SELECT
    test.timestamp, test.run_id, test.id AS test_id, test.model_id, model.model_name, test.hardware_id,
    platform.hardware_type, test.endpoint_type, test.precision, test.batch_size, test.sequence_length,
    test.status, test.success, test.error_message, test.execution_time, test.provenance
FROM test_results AS test
JOIN models AS model USING (model_id)
JOIN hardware_platforms AS platform USING (hardware_id)
WHERE $run_id IS NULL OR test.run_id = $run_id
ORDER BY test.timestamp DESC, test.id
LIMIT $row_limit
