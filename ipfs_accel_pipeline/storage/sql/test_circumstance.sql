-- One test with everything beside its numbers that may explain them: versions, driver, model, host, settings.
SELECT
    t.id AS test_id, t.run_id, t.backend, t.backend_version, t.actual_device, t.weights,
    t.details ->> 'driver_version' AS driver_version,
    t.details ->> 'profile' AS profile,
    coalesce(v.weights_digest, t.details ->> 'weights_digest') AS weights_digest,
    v.source AS model_source, v.revision AS model_revision, v.config_digest,
    coalesce(p.environment, t.details -> 'environment') AS environment
FROM test_results AS t
LEFT JOIN performance_results AS p ON p.test_id = t.id
LEFT JOIN model_versions AS v USING (model_version_id)
WHERE list_contains($tests::VARCHAR[], t.id)
ORDER BY t.id
