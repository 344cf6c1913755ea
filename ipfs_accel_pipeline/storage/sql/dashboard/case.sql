-- One case (model, hardware, endpoint, precision, batch, sequence length, per provenance): its newest test, its newest
-- and previous numbers, their power, and its rank among the comparable cases. Made once for each published snapshot.
-- The rules of ranking are those of reports/ranking.py; a test holds the two together.
WITH newest_test AS MATERIALIZED (
    SELECT * FROM test_results WHERE rowid IN (
        -- A skipped test says nothing where another one was run.
        SELECT arg_max(rowid, (status <> 'skipped', "timestamp", id)) FROM test_results
        GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
    )
),
two_newest AS (
    SELECT arg_max(rowid, (test_timestamp, id), 2) AS newest, count(*) AS results FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
),
result AS MATERIALIZED (
    SELECT
        p.*, n.results, b.id AS previous_id, b.test_id AS previous_test_id, b.p50_latency_ms AS previous_p50_ms,
        b.ci95_low_ms AS previous_low_ms, b.ci95_high_ms AS previous_high_ms, b.test_timestamp AS previous_at,
        b.environment ->> 'threads' AS previous_threads
    FROM two_newest AS n
    JOIN performance_results AS p ON p.rowid = n.newest[1]
    LEFT JOIN performance_results AS b ON b.rowid = n.newest[2]
),
-- Joined to the whole tables, a million rows would be hashed for a few thousand.
setting AS MATERIALIZED (
    SELECT
        id, weights, details ->> 'weights_digest' AS weights_digest,
        details ->> '$.generation.reason' AS no_generation_reason,
        json_array_length(details, '$.generation.noise') > 0 AS is_text_noisy
    FROM test_results
    WHERE id IN (SELECT test_id FROM result UNION ALL SELECT previous_test_id FROM result)
),
newest_power AS MATERIALIZED (
    SELECT * FROM power_metrics
    WHERE test_id IN (SELECT test_id FROM result UNION ALL SELECT id FROM newest_test)
    QUALIFY row_number() OVER (PARTITION BY test_id ORDER BY test_timestamp DESC, id) = 1
),
described AS (
    SELECT
        t.id AS test_id, t.run_id, t."timestamp" AS tested_at, t.status, t.success, t.error_message, t.provenance,
        t.model_id, m.model_name, m.model_family, m.model_type, m.parameters_million,
        t.hardware_id, h.hardware_type, h.device_name, h.acceleration,
        t.endpoint_type, t.precision, t.batch_size, t.sequence_length,
        t.backend, t.backend_version, t.requested_device, t.actual_device,
        r.test_id AS result_test_id, r.run_id AS result_run_id, r.test_timestamp AS result_at, r.results,
        r.p50_latency_ms, r.ci95_low_ms, r.ci95_high_ms, r.p90_latency_ms, r.p99_latency_ms, r.min_latency_ms,
        r.max_latency_ms, r.average_latency_ms, r.throughput_items_per_second, r.memory_peak_mb, r.model_load_ms,
        -- Where a runtime does not tell compiling apart, it is part of loading: only the sum can be compared.
        r.compile_ms, r.model_load_ms + coalesce(r.compile_ms, 0) AS load_and_compile_ms,
        r.first_inference_ms, r.time_to_first_token_ms, r.time_per_output_token_ms, r.tokens_per_second, r.new_tokens,
        s.no_generation_reason, s.is_text_noisy, r.iterations, r.rounds, r.slow_rounds, r.host_slowdown,
        r.is_noisy, r.coefficient_of_variation,
        TRY_CAST(r.environment ->> 'threads' AS INTEGER) AS threads, s.weights, s.weights_digest,
        r.energy_efficiency_items_per_joule, 1 / r.energy_efficiency_items_per_joule AS joules_per_item,
        r.power_watts, w.power_watts_avg, w.power_watts_peak, w.temperature_celsius_avg, w.temperature_celsius_peak,
        w.source AS power_source, w.kind AS power_kind, w.scope AS power_scope, w.reason AS power_reason,
        r.previous_test_id, r.previous_p50_ms, r.previous_low_ms, r.previous_high_ms, r.previous_at,
        r.previous_threads IS NOT DISTINCT FROM (r.environment ->> 'threads')
            AND before.weights_digest IS NOT DISTINCT FROM s.weights_digest
            AS previous_is_comparable,
        CASE
            WHEN t.provenance <> 'measured' THEN t.provenance
            WHEN h.acceleration IS DISTINCT FROM 'hardware' THEN coalesce(h.acceleration, 'unknown') || ' acceleration'
            WHEN t.status NOT IN ('passed', 'skipped') THEN 'a newer test of this case ended: ' || t.status
            WHEN r.p50_latency_ms IS NULL THEN 'no median latency'
        END AS not_ranked_reason
    FROM newest_test AS t
    JOIN models AS m ON m.model_id = t.model_id
    JOIN hardware_platforms AS h ON h.hardware_id = t.hardware_id
    LEFT JOIN result AS r
        ON r.provenance = t.provenance AND r.model_id = t.model_id AND r.hardware_id = t.hardware_id
        AND r.endpoint_type = t.endpoint_type AND r.precision IS NOT DISTINCT FROM t.precision
        AND r.batch_size IS NOT DISTINCT FROM t.batch_size AND r.sequence_length IS NOT DISTINCT FROM t.sequence_length
    LEFT JOIN setting AS s ON s.id = r.test_id
    LEFT JOIN setting AS before ON before.id = r.previous_test_id
    LEFT JOIN newest_power AS w ON w.test_id = coalesce(r.test_id, t.id)
),
comparable AS (
    SELECT
        *, not_ranked_reason IS NULL AS is_candidate,
        -- What it may be on a quiet host: analysis/slow_hosts.py.
        greatest(1e-4, greatest(1, coalesce(host_slowdown, 1)) ** -7) AS least_share,
        coalesce(ci95_low_ms, p50_latency_ms) * least_share AS low, coalesce(ci95_high_ms, p50_latency_ms) AS high,
        count(*) FILTER (is_candidate) OVER comparable_cases AS candidates,
        arg_min(test_id, p50_latency_ms) FILTER (is_candidate) OVER comparable_cases AS fastest_test_id,
        min(p50_latency_ms) FILTER (is_candidate) OVER comparable_cases AS fastest_p50_ms,
        arg_min(low, p50_latency_ms) FILTER (is_candidate) OVER comparable_cases AS fastest_low,
        arg_min(high, p50_latency_ms) FILTER (is_candidate) OVER comparable_cases AS fastest_high
    FROM described
    WINDOW comparable_cases AS (
        PARTITION BY model_id, precision, batch_size, sequence_length, threads, weights_digest
    )
),
judged AS (
    SELECT
        *, is_candidate AND (test_id = fastest_test_id OR (low <= fastest_high AND fastest_low <= high)) AS is_leader,
        count(*) FILTER (is_leader) OVER (
            PARTITION BY model_id, precision, batch_size, sequence_length, threads, weights_digest
        ) AS leaders
    FROM comparable
)
SELECT
    * EXCLUDE (is_candidate, least_share, low, high, candidates, fastest_test_id, fastest_p50_ms, fastest_low, fastest_high, is_leader, leaders),
    CASE
        WHEN NOT is_candidate THEN 'not_ranked'
        WHEN candidates = 1 THEN 'only'
        WHEN NOT is_leader THEN 'slower'
        WHEN leaders > 1 THEN 'tied'
        ELSE 'fastest'
    END AS rank,
    CASE WHEN is_candidate THEN p50_latency_ms / fastest_p50_ms END AS p50_ratio_to_fastest
FROM judged
