-- The newest result of one case with one version of a runtime, which is named "onnxruntime 1.24.1". It is the table
-- macro `side_result(side)` while versions are compared.
WITH newest AS (
    SELECT arg_max(rowid, ("timestamp", id)) AS newest FROM test_results
    WHERE success AND backend = split_part(side, ' ', 1) AND backend_version = substr(side, strpos(side, ' ') + 1)
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
)
SELECT
    p.*, p.environment ->> 'threads' AS threads, t.details ->> 'weights_digest' AS weights_digest, h.acceleration,
    p.hardware_id AS same_hardware, p.endpoint_type AS same_endpoint
FROM test_results AS t
JOIN performance_results AS p ON p.test_id = t.id
JOIN hardware_platforms AS h ON h.hardware_id = p.hardware_id
WHERE t.rowid IN (SELECT newest FROM newest)
