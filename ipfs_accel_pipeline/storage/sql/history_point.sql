-- One measured test with what is followed over time, case by case, oldest first; `case_number` counts the cases.
-- A skipped test was not run, so it is no point of any series. Of one case only the newest $points tests are taken.
-- `weights_number` tells the weights of a model apart; NULL where they are not known (nothing could be prepared).
WITH version AS (
    SELECT model_version_id, dense_rank() OVER (ORDER BY weights_digest) AS weights_number
    FROM model_versions
    WHERE weights_digest IS NOT NULL
),
point AS (
    SELECT
        t.id AS test_id, v.weights_number, t."timestamp", t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size,
        t.sequence_length, t.success, t.parity_cosine,
        p.p50_latency_ms, p.p99_latency_ms, p.throughput_items_per_second, p.time_to_first_token_ms, p.tokens_per_second,
        p.new_tokens, p.memory_peak_mb,
        p.first_inference_ms, p.energy_efficiency_items_per_joule
    FROM test_results AS t
    LEFT JOIN performance_results AS p ON p.test_id = t.id AND p.provenance = 'measured'
    LEFT JOIN version AS v USING (model_version_id)
    WHERE t.provenance = 'measured' AND t.test_type = 'benchmark' AND t.status <> 'skipped'
        AND ($models::VARCHAR[] IS NULL OR list_contains($models, t.model_id))
        AND ($hardware::VARCHAR[] IS NULL OR list_contains($hardware, t.hardware_id))
)
SELECT
    dense_rank() OVER (
        ORDER BY model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
    ) AS case_number,
    -- Texts of another length than the newest are another quantity: a token takes longer the more there are before it.
    * EXCLUDE (new_tokens) REPLACE (
        CASE WHEN new_tokens = arg_max(new_tokens, "timestamp") OVER of_case THEN tokens_per_second END
            AS tokens_per_second
    )
FROM point
WINDOW of_case AS (PARTITION BY model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length)
QUALIFY row_number() OVER (
    PARTITION BY model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
    ORDER BY "timestamp" DESC, test_id DESC
) <= coalesce($points, 1000)
ORDER BY case_number, "timestamp", test_id
