-- One model whose version was measured, with its newest revision and all platforms that the newest version ran on.
WITH tested AS (
    SELECT t.model_id, t.hardware_id, t."timestamp", t.model_version_id, v.source, v.repository, v.revision
    FROM test_results AS t
    JOIN model_versions AS v USING (model_version_id)
    WHERE t.provenance = 'measured' AND t.status <> 'skipped' AND v.revision IS NOT NULL
),
newest AS (
    SELECT
        model_id, arg_max(revision, "timestamp") AS revision, arg_max(source, "timestamp") AS source,
        arg_max(repository, "timestamp") AS repository, arg_max(model_version_id, "timestamp") AS model_version_id,
        max("timestamp") AS tested_at
    FROM tested
    GROUP BY model_id
)
SELECT n.*, list_sort(list(DISTINCT t.hardware_id)) AS hardware_ids
FROM newest AS n
JOIN tested AS t ON t.model_id = n.model_id AND t.revision = n.revision
GROUP BY ALL
ORDER BY n.model_id
