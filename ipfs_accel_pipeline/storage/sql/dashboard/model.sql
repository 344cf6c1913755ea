-- One model with the counts of its cases; only measured ones count as passed.
SELECT
    m.*, count(c.test_id) AS cases, count(*) FILTER (c.provenance = 'measured') AS measured,
    count(*) FILTER (c.provenance = 'measured' AND c.success) AS passed, count(DISTINCT c.hardware_id) AS platforms
FROM models AS m
LEFT JOIN dashboard_case AS c ON c.model_id = m.model_id
GROUP BY ALL
