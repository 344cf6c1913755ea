-- One hardware platform, or one hardware type that is absent with its reason, with the counts of its cases; only
-- measured ones count as passed.
-- An absence is left out where a later detection of that host found a device of the type.
SELECT
    h.*, count(c.test_id) AS cases, count(*) FILTER (c.provenance = 'measured') AS measured,
    count(*) FILTER (c.provenance = 'measured' AND c.success) AS passed, count(DISTINCT c.model_id) AS models
FROM hardware_platforms AS h
LEFT JOIN dashboard_case AS c ON c.hardware_id = h.hardware_id
WHERE h.available OR NOT EXISTS (
    FROM hardware_platforms AS later
    WHERE later.hardware_type = h.hardware_type AND later.hostname = h.hostname
        AND h.hardware_id LIKE '%-absent' AND later.detected_at > h.detected_at)
GROUP BY ALL
