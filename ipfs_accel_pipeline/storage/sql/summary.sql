-- The whole database, or one run, in one row.
-- Rates are over the measured tests that could be tried: a missing runtime (unsupported, skipped) is no failure.
WITH tests AS (
    SELECT * FROM test_results WHERE $run_id IS NULL OR run_id = $run_id
),
measured AS (
    SELECT *, status NOT IN ('unsupported', 'skipped') AS tried FROM tests WHERE provenance = 'measured'
)
SELECT
    (SELECT count(*) FROM models) AS models,
    (SELECT count(*) FROM hardware_platforms) AS platforms,
    (SELECT count(*) FROM hardware_platforms WHERE available) AS platforms_available,
    count(DISTINCT model_id) AS models_tested,
    count(DISTINCT model_id) FILTER (WHERE success) AS models_passed,
    count(DISTINCT hardware_id) AS platforms_tested,
    count(DISTINCT run_id) AS runs,
    count(*) AS tests,
    count(*) FILTER (WHERE tried) AS tests_tried,
    count(*) FILTER (WHERE success) AS tests_passed,
    count(*) FILTER (WHERE tried AND NOT success) AS tests_failed,
    count(*) FILTER (WHERE NOT tried) AS tests_not_tried,
    count(*) FILTER (WHERE success) / nullif(count(*) FILTER (WHERE tried), 0) AS success_rate,
    (SELECT count(*) FROM tests WHERE provenance = 'imported') AS tests_imported,
    (SELECT count(*) FROM tests WHERE provenance = 'emulated') AS tests_emulated,
    min(timestamp) AS first_test,
    max(timestamp) AS last_test
FROM measured
