-- One measured case that was tested after the earlier report, with its newest test before and after it.
WITH before AS (
    SELECT arg_max(id, ("timestamp", id)) AS id FROM test_results
    WHERE provenance = 'measured' AND status <> 'skipped' AND "timestamp" <= $earlier::TIMESTAMPTZ
    GROUP BY model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
),
after AS (
    SELECT arg_max(id, ("timestamp", id)) AS id FROM test_results
    WHERE provenance = 'measured' AND status <> 'skipped' AND "timestamp" > $earlier::TIMESTAMPTZ
    GROUP BY model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
),
result AS (
    SELECT
        t.*, p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.environment ->> 'threads' AS threads,
        t.details ->> 'weights_digest' AS weights_digest, coalesce(p.slow_rounds = p.rounds, FALSE) AS is_disturbed
    FROM test_results AS t LEFT JOIN performance_results AS p ON p.test_id = t.id
)
SELECT
    n.model_id, n.hardware_id, n.endpoint_type, n.precision, n.batch_size, n.sequence_length,
    o.status AS status_before, n.status AS status_after, n.error_message AS error,
    o.p50_latency_ms AS p50_before_ms, o.ci95_low_ms AS ci95_low_before_ms, o.ci95_high_ms AS ci95_high_before_ms,
    n.p50_latency_ms AS p50_after_ms, n.ci95_low_ms AS ci95_low_after_ms, n.ci95_high_ms AS ci95_high_after_ms,
    o.is_disturbed AS is_disturbed_before, n.is_disturbed AS is_disturbed_after,
    o.threads IS NOT DISTINCT FROM n.threads AND o.weights_digest IS NOT DISTINCT FROM n.weights_digest AS is_same_setting
FROM after AS a
JOIN result AS n ON n.id = a.id
LEFT JOIN result AS o
    ON o.id IN (SELECT id FROM before)
    AND o.model_id = n.model_id AND o.hardware_id = n.hardware_id AND o.endpoint_type = n.endpoint_type
    AND o.precision = n.precision AND o.batch_size = n.batch_size
    AND o.sequence_length IS NOT DISTINCT FROM n.sequence_length
WHERE list_contains($models::VARCHAR[], n.model_id) AND list_contains($hardware::VARCHAR[], n.hardware_id)
ORDER BY n.model_id, n.hardware_id, n.endpoint_type, n.precision, n.batch_size, n.sequence_length
