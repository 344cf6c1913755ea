-- The newest result of one case in one run. It is the table macro `side_result(side)` while runs are compared.
WITH newest AS (
    SELECT arg_max(rowid, ("timestamp", id)) AS newest FROM test_results
    WHERE success AND run_id = side
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
)
SELECT
    p.*, p.environment ->> 'threads' AS threads, t.details ->> 'weights_digest' AS weights_digest, h.acceleration,
    p.hardware_id AS same_hardware, p.endpoint_type AS same_endpoint
FROM test_results AS t
-- Its run is known, though the test's id would be enough: the ids of all runs are long to compare.
JOIN performance_results AS p ON p.test_id = t.id AND p.run_id = side
JOIN hardware_platforms AS h ON h.hardware_id = p.hardware_id
WHERE t.rowid IN (SELECT newest FROM newest)
