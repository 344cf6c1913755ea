-- One tested pair of model and hardware with its derived compatibility, or 'underived' where nobody derived it yet.
-- Imported tests are no evidence that a model runs, and skipped ones are no tests: neither is ever derived.
WITH tested AS (
    SELECT model_id, hardware_id, bool_or(provenance <> 'imported') AS is_evidence
    FROM test_results
    WHERE status <> 'skipped' AND ($since IS NULL OR "timestamp" >= $since::TIMESTAMPTZ)
    GROUP BY ALL
)
SELECT
    model_id, hardware_id,
    CASE
        WHEN c.id IS NOT NULL THEN c.compatibility_status
        WHEN t.is_evidence THEN 'underived'
        ELSE 'imported_only'
    END AS status,
    c.compatibility_score AS passed_ratio,
    c.reason
FROM tested AS t
FULL JOIN hardware_compatibility AS c USING (model_id, hardware_id)
WHERE list_contains($models::VARCHAR[], model_id) AND list_contains($hardware::VARCHAR[], hardware_id)
    AND ($since IS NULL OR t.model_id IS NOT NULL)
ORDER BY model_id, hardware_id
