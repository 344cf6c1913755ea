-- One row: how many cases meet the filters, and of which provenance.
SELECT
    count(*) AS cases,
    count(*) FILTER (success) AS passed,
    count(*) FILTER (status IN ('unsupported', 'skipped')) AS not_tried,
    count(*) FILTER (p50_latency_ms IS NOT NULL) AS with_result,
    count(DISTINCT model_id) AS models,
    count(DISTINCT hardware_id) AS platforms,
    count(*) FILTER (provenance = 'measured') AS measured,
    count(*) FILTER (provenance = 'imported') AS imported,
    count(*) FILTER (provenance = 'emulated') AS emulated,
    count(*) FILTER (acceleration IN ('software', 'emulated')) AS not_on_silicon,
    count(DISTINCT (model_id, hardware_id)) AS tested_pairs,
    count(DISTINCT (model_id, hardware_id)) FILTER (success) AS passed_pairs
FROM chosen_cases($filters)
