-- One distinct environment under which latest measured results of the chosen models and hardware were taken.
SELECT DISTINCT p.environment, t.backend, t.backend_version
FROM latest_performance_results AS p
JOIN test_results AS t ON t.id = p.test_id
WHERE p.provenance = 'measured'
    AND list_contains($models::VARCHAR[], p.model_id) AND list_contains($hardware::VARCHAR[], p.hardware_id)
    AND ($since IS NULL OR p.test_timestamp >= $since::TIMESTAMPTZ)
ORDER BY p.environment::VARCHAR, t.backend, t.backend_version
