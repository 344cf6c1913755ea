-- One row: the counts of a report over the chosen models and hardware. Only measured tests count as tests.
SELECT
    count(DISTINCT model_id) FILTER (provenance = 'measured' AND status NOT IN ('unsupported', 'skipped')) AS models_tested,
    count(*) FILTER (provenance = 'measured') AS tests,
    count(*) FILTER (provenance = 'measured' AND success) AS passed,
    count(*) FILTER (provenance = 'measured' AND status IN ('unsupported', 'skipped')) AS not_tried,
    passed / nullif(tests - not_tried, 0) AS success_rate,
    count(*) FILTER (provenance = 'imported') AS imported_tests,
    count(*) FILTER (provenance = 'emulated') AS emulated_tests,
    max("timestamp") FILTER (provenance = 'measured') AS newest_test_at
FROM test_results
WHERE list_contains($models::VARCHAR[], model_id) AND list_contains($hardware::VARCHAR[], hardware_id)
    AND ($since IS NULL OR "timestamp" >= $since::TIMESTAMPTZ)
