-- One model with the counts of its tests on the chosen hardware and the first line worth knowing of its latest failure.
SELECT
    m.model_id, m.model_name, m.model_family, m.task, m.parameters_million,
    count(*) FILTER (t.provenance = 'measured') AS tests,
    count(*) FILTER (t.provenance = 'measured' AND t.success) AS passed,
    count(*) FILTER (t.provenance = 'measured' AND t.status IN ('unsupported', 'skipped')) AS not_tried,
    passed / nullif(tests - not_tried, 0) AS success_rate,
    count(*) FILTER (t.provenance <> 'measured') AS other_tests,
    arg_max(coalesce(t.error_message, t.status), (t."timestamp", t.id))
        FILTER (t.provenance = 'measured' AND NOT t.success AND t.status <> 'skipped') AS latest_failure_reason
FROM models AS m
LEFT JOIN test_results AS t ON t.model_id = m.model_id AND list_contains($hardware::VARCHAR[], t.hardware_id)
    AND ($since IS NULL OR t."timestamp" >= $since::TIMESTAMPTZ)
GROUP BY ALL
ORDER BY m.model_id
