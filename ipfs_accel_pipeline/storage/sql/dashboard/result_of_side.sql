-- The newest result of one case on one side of a comparison: of one run, or with one version of one runtime.
WITH of_side AS (
    SELECT arg_max(id, ("timestamp", id)) AS id FROM test_results
    WHERE success
        AND ($run_id IS NULL OR run_id = $run_id)
        AND ($backend IS NULL OR (backend = $backend AND backend_version = $backend_version))
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
)
SELECT
    p.test_id, p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length, p.provenance,
    p.p50_latency_ms, p.ci95_low_ms, p.ci95_high_ms, p.min_latency_ms, p.max_latency_ms, p.p90_latency_ms,
    p.p99_latency_ms, p.environment ->> 'threads' AS threads, t.details ->> 'weights_digest' AS weights_digest,
    h.acceleration, m.model_family
FROM of_side AS v
JOIN performance_results AS p ON p.test_id = v.id
JOIN test_results AS t ON t.id = v.id
JOIN hardware_platforms AS h ON h.hardware_id = p.hardware_id
JOIN models AS m ON m.model_id = p.model_id
ORDER BY p.model_id, p.hardware_id, p.endpoint_type, p.precision, p.batch_size, p.sequence_length, p.provenance
