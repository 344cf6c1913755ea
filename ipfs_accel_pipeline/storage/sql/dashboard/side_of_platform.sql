-- The newest result of one piece of work on one platform, by the endpoint that is fastest there: two platforms seldom
-- share one. Numbers of an endpoint whose newest test did not pass are of the past. It is the table macro
-- `side_result(side)` while platforms are compared.
SELECT * EXCLUDE (test_id), result_test_id AS test_id, NULL::VARCHAR AS same_hardware, NULL::VARCHAR AS same_endpoint
FROM dashboard_case
WHERE hardware_id = side AND p50_latency_ms IS NOT NULL AND status IN ('passed', 'skipped')
QUALIFY row_number() OVER (
    PARTITION BY provenance, model_id, precision, batch_size, sequence_length ORDER BY p50_latency_ms, endpoint_type
) = 1
