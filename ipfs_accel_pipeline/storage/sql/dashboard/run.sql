-- One run with the counts of its tests, whatever their provenance.
SELECT
    run_id, min("timestamp") AS started_at, max("timestamp") AS ended_at, count(*) AS tests,
    count(*) FILTER (success) AS passed,
    count(*) FILTER (status IN ('unsupported', 'skipped')) AS not_tried,
    count(DISTINCT model_id) AS models,
    list_sort(list(DISTINCT hardware_id)) AS hardware,
    list_sort(list(DISTINCT provenance)) AS provenances
FROM test_results
GROUP BY run_id
