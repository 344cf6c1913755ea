-- One pair of model and platform over the chosen cases: how its newest tests ended, its best number and its failure.
-- The best number is the lowest of the cases in which the pair is fastest, else of all that are ranked. A pair that is
-- never ranked has its lowest that still holds. Imported tests are no evidence that a model runs.
WITH chosen AS (
    SELECT
        *, {p50_latency_ms: p50_latency_ms, endpoint_type: endpoint_type, test_id: test_id, rank: rank} AS number
    FROM chosen_cases($filters)
),
pair AS (
    SELECT
        model_id, model_family, hardware_id, hardware_type, acceleration,
        count(*) AS cases,
        count(*) FILTER (provenance <> 'imported' AND status NOT IN ('unsupported', 'skipped')) AS tried,
        count(*) FILTER (provenance <> 'imported' AND success) AS passed,
        bool_and(status = 'skipped') AS is_skipped_only,
        coalesce(bool_and(provenance = 'imported') FILTER (status <> 'skipped'), FALSE) AS is_imported_only,
        bool_or(provenance = 'emulated') AS is_emulated,
        bool_or(provenance = 'imported') AS has_imported,
        coalesce(
            arg_min(number, number) FILTER (rank IN ('fastest', 'tied')),
            arg_min(number, number) FILTER (not_ranked_reason IS NULL),
            CASE WHEN bool_and(provenance <> 'measured' OR acceleration IS DISTINCT FROM 'hardware')
                THEN arg_min(number, number) FILTER (p50_latency_ms IS NOT NULL AND status IN ('passed', 'skipped'))
            END
        ) AS best,
        arg_max(coalesce(error_message, status), (tested_at, test_id)) FILTER (NOT success) AS failure,
        arg_max(test_id, (tested_at, test_id)) FILTER (NOT success) AS failed_test_id,
        arg_max(test_id, (tested_at, test_id)) AS newest_test_id
    FROM chosen
    GROUP BY model_id, model_family, hardware_id, hardware_type, acceleration
)
SELECT
    * EXCLUDE (best, failure, failed_test_id, newest_test_id),
    best.p50_latency_ms AS p50_latency_ms, best.endpoint_type AS endpoint_type,
    coalesce(best.rank = 'fastest', FALSE) AS is_fastest, coalesce(best.rank = 'tied', FALSE) AS is_tied,
    failure, coalesce(failed_test_id, best.test_id, newest_test_id) AS test_id
FROM pair
ORDER BY model_family, model_id, hardware_type, hardware_id
