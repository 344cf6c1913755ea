-- The run whose newest measured test is the newest of all; no row where nothing was measured.
SELECT
    run_id, min(timestamp) AS first_test, max(timestamp) AS last_test,
    count(*) AS tests, count(*) FILTER (WHERE success) AS tests_passed
FROM test_results
WHERE provenance = 'measured'
GROUP BY run_id
ORDER BY last_test DESC, run_id
LIMIT 1
