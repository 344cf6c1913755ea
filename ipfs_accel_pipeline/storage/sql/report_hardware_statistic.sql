-- One hardware platform with the counts of its tests of the chosen models.
SELECT
    h.hardware_id, h.hardware_type,
    count(*) FILTER (t.provenance = 'measured') AS tests,
    count(*) FILTER (t.provenance = 'measured' AND t.success) AS passed,
    count(*) FILTER (t.provenance = 'measured' AND t.status IN ('unsupported', 'skipped')) AS not_tried,
    passed / nullif(tests - not_tried, 0) AS success_rate,
    count(*) FILTER (t.provenance <> 'measured') AS other_tests
FROM hardware_platforms AS h
LEFT JOIN test_results AS t ON t.hardware_id = h.hardware_id AND list_contains($models::VARCHAR[], t.model_id)
    AND ($since IS NULL OR t."timestamp" >= $since::TIMESTAMPTZ)
GROUP BY ALL
ORDER BY h.hardware_type, h.hardware_id
