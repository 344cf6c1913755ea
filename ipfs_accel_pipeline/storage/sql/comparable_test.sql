-- The newest measured test of one case among those that one side of a comparison chose; unset choices choose all.
SELECT t.id AS test_id
FROM test_results AS t
LEFT JOIN performance_results AS p ON p.test_id = t.id
LEFT JOIN model_versions AS v USING (model_version_id)
WHERE t.provenance = 'measured' AND t.test_type = 'benchmark' AND t.status <> 'skipped'
    AND ($run IS NULL OR t.run_id = $run)
    AND ($date IS NULL OR t.test_date = CAST($date AS DATE))
    AND ($version IS NULL OR starts_with(t.model_version_id, $version) OR v.revision = $version)
    AND ($hardware IS NULL OR t.hardware_id = $hardware)
    AND ($branch IS NULL OR coalesce(p.environment, t.details -> 'environment') ->> 'branch' = $branch)
    AND ($models::VARCHAR[] IS NULL OR list_contains($models, t.model_id))
QUALIFY row_number() OVER (
    PARTITION BY t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size, t.sequence_length
    ORDER BY t."timestamp" DESC, t.id DESC
) = 1
ORDER BY t.id
