-- One pair of model and platform over the chosen cases: how its newest tests ended, its best number and its failure.
SELECT
    model_id, model_family, hardware_id, hardware_type, acceleration,
    count(*) AS cases,
    count(*) FILTER (success) AS passed,
    count(*) FILTER (status IN ('unsupported', 'skipped')) AS not_tried,
    bool_and(provenance = 'imported') AS is_imported_only,
    bool_or(provenance = 'emulated') AS is_emulated,
    bool_or(provenance = 'imported') AS has_imported,
    min(p50_latency_ms) AS p50_latency_ms,
    arg_min(endpoint_type, p50_latency_ms) AS endpoint_type,
    bool_or(rank = 'fastest') AS is_fastest,
    bool_or(rank = 'tied') AS is_tied,
    arg_max(coalesce(error_message, status), (tested_at, test_id)) FILTER (NOT success) AS failure,
    coalesce(
        arg_max(test_id, (tested_at, test_id)) FILTER (NOT success),
        arg_min(test_id, p50_latency_ms),
        arg_max(test_id, (tested_at, test_id))
    ) AS test_id
FROM chosen_cases($filters)
GROUP BY model_id, model_family, hardware_id, hardware_type, acceleration
ORDER BY model_family, model_id, hardware_type, hardware_id
