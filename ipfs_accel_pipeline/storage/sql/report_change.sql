-- One measured case whose newest test the earlier report did not know, with that test and the one that it knew. They are
-- told apart by their ids: a test that was measured before the report may be loaded after it. Of a report that did not
-- leave the ids of its tests ($known is NULL), all tests until $earlier are taken as known.
WITH known AS (
    SELECT
        model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length,
        max(("timestamp", id)) AS newest
    FROM test_results
    WHERE provenance = 'measured' AND (
        id IN (SELECT unnest($known::VARCHAR[])) OR ($known IS NULL AND "timestamp" <= $earlier::TIMESTAMPTZ))
    GROUP BY ALL
),
pair AS (
    SELECT
        arg_max(t.id, (t."timestamp", t.id)) AS after_id,
        arg_max(t.id, (t."timestamp", t.id)) FILTER ((t."timestamp", t.id) <= k.newest) AS before_id
    FROM test_results AS t
    LEFT JOIN known AS k
        ON k.model_id = t.model_id AND k.hardware_id = t.hardware_id AND k.endpoint_type = t.endpoint_type
        AND k.precision IS NOT DISTINCT FROM t.precision AND k.batch_size IS NOT DISTINCT FROM t.batch_size
        AND k.sequence_length IS NOT DISTINCT FROM t.sequence_length
    WHERE t.provenance = 'measured' AND t.status <> 'skipped'
    GROUP BY t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size, t.sequence_length
    HAVING before_id IS DISTINCT FROM after_id
),
result AS (
    SELECT
        t.*, p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.environment ->> 'threads' AS threads,
        t.details ->> 'weights_digest' AS weights_digest, coalesce(p.slow_rounds = p.rounds, FALSE) AS is_disturbed
    FROM test_results AS t LEFT JOIN performance_results AS p ON p.test_id = t.id
)
SELECT
    n.model_id, n.hardware_id, n.endpoint_type, n.precision, n.batch_size, n.sequence_length,
    o.id AS test_id_before, n.id AS test_id_after, o.status AS status_before, n.status AS status_after,
    n.error_message AS error,
    o.p50_latency_ms AS p50_before_ms, o.ci95_low_ms AS ci95_low_before_ms, o.ci95_high_ms AS ci95_high_before_ms,
    n.p50_latency_ms AS p50_after_ms, n.ci95_low_ms AS ci95_low_after_ms, n.ci95_high_ms AS ci95_high_after_ms,
    o.is_disturbed AS is_disturbed_before, n.is_disturbed AS is_disturbed_after,
    o.threads IS NOT DISTINCT FROM n.threads AND o.weights_digest IS NOT DISTINCT FROM n.weights_digest AS is_same_setting
FROM pair
JOIN result AS n ON n.id = after_id
LEFT JOIN result AS o ON o.id = before_id
WHERE ($models IS NULL OR list_contains($models::VARCHAR[], n.model_id))
    AND ($hardware IS NULL OR list_contains($hardware::VARCHAR[], n.hardware_id))
ORDER BY n.model_id, n.hardware_id, n.endpoint_type, n.precision, n.batch_size, n.sequence_length
