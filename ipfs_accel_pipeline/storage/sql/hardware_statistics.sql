-- One hardware platform, over all of its measured tests; zeros and NULLs where none was run.
SELECT
    platform.hardware_id, platform.hardware_type, platform.device_name, platform.available,
    platform.unavailable_reason, platform.acceleration, platform.max_batch_size,
    count(DISTINCT test.model_id) AS models_tested,
    count(DISTINCT test.model_id) FILTER (WHERE test.success) AS models_passed,
    count(test.id) AS tests,
    count(test.id) FILTER (WHERE test.success) AS tests_passed,
    count(test.id) FILTER (WHERE test.success)
        / nullif(count(test.id) FILTER (WHERE test.status NOT IN ('unsupported', 'skipped')), 0) AS success_rate,
    count(DISTINCT test.run_id) AS runs,
    max(test.timestamp) AS last_test
FROM hardware_platforms AS platform
LEFT JOIN test_results AS test ON test.hardware_id = platform.hardware_id AND test.provenance = 'measured'
GROUP BY ALL
ORDER BY platform.hardware_type, platform.hardware_id
