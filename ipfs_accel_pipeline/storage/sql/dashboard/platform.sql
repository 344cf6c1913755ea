-- One hardware platform, or one hardware type that is absent with its reason, with the counts of its cases.
SELECT
    h.*, count(c.test_id) AS cases, count(*) FILTER (c.success) AS passed, count(DISTINCT c.model_id) AS models
FROM hardware_platforms AS h
LEFT JOIN dashboard_case AS c ON c.hardware_id = h.hardware_id
GROUP BY ALL
ORDER BY h.hardware_type, h.available DESC, h.hardware_id
