-- One row: how many cases meet the filters, and of which provenance. Only measured ones count as tested, tried or passed,
-- and what could not be tried (unsupported, skipped) makes no model or pair a tested one.
WITH chosen AS MATERIALIZED (SELECT * FROM chosen_cases($filters)),
tried AS (FROM chosen WHERE provenance = 'measured' AND status NOT IN ('unsupported', 'skipped')),
pair AS (SELECT bool_or(success) AS is_passed FROM tried GROUP BY model_id, hardware_id)
SELECT
    count(*) AS cases,
    count(*) FILTER (provenance = 'measured' AND success) AS passed,
    count(*) FILTER (provenance = 'measured' AND status IN ('unsupported', 'skipped')) AS not_tried,
    count(*) FILTER (p50_latency_ms IS NOT NULL) AS with_result,
    count(DISTINCT model_id) AS models,
    count(DISTINCT hardware_id) AS platforms,
    count(*) FILTER (provenance = 'measured') AS measured,
    count(*) FILTER (provenance = 'imported') AS imported,
    count(*) FILTER (provenance = 'emulated') AS emulated,
    (SELECT count(DISTINCT model_id) FROM tried) AS tested_models,
    count(*) FILTER (
        provenance = 'measured' AND (previous_test_id IS NOT NULL OR (result_test_id IS NOT NULL AND result_test_id <> test_id))
    ) AS repeated,
    (SELECT count(*) FROM pair) AS tested_pairs,
    (SELECT count(*) FROM pair WHERE is_passed) AS passed_pairs
FROM chosen
