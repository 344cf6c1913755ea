-- One case on both sides of a comparison, the largest change first, then what cannot be compared: the first $count,
-- and the one of $number. Only measured results of the same weights and threads on the same kind of silicon stand in
-- one ratio, which is b over a; overlapping intervals are a tie. What was slower is not compared where every round of it
-- fell into a slow phase of its host.
WITH side AS (
    SELECT
        name, test_id, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, provenance,
        acceleration, p50_latency_ms, ci95_low_ms, ci95_high_ms, min_latency_ms, max_latency_ms, p90_latency_ms,
        p99_latency_ms, threads::VARCHAR AS threads, weights_digest, same_hardware, same_endpoint,
        coalesce(slow_rounds = rounds, FALSE) AS is_disturbed,
        CASE WHEN ci95_high_ms IS NULL THEN p50_latency_ms ELSE coalesce(ci95_low_ms, p50_latency_ms) END AS low,
        CASE WHEN ci95_low_ms IS NULL THEN p50_latency_ms ELSE coalesce(ci95_high_ms, p50_latency_ms) END AS high
    FROM (
        SELECT 'a' AS name, * FROM side_result($a) UNION ALL SELECT 'b', * FROM side_result($b)
    )
    WHERE p50_latency_ms IS NOT NULL
        AND ($filters.models IS NULL OR list_contains($filters.models::VARCHAR[], model_id))
        AND ($filters.hardware IS NULL OR list_contains($filters.hardware::VARCHAR[], hardware_id))
        AND ($filters.precisions IS NULL OR list_contains($filters.precisions::VARCHAR[], coalesce(precision, 'unknown')))
        AND ($filters.batch_sizes IS NULL OR list_contains($filters.batch_sizes::INTEGER[], batch_size))
        AND ($filters.families IS NULL OR model_id IN (
            SELECT model_id FROM models WHERE list_contains($filters.families::VARCHAR[], model_family)))
),
paired AS (
    SELECT
        a, b, coalesce(b.model_id, a.model_id) AS model_id, b.p50_latency_ms / a.p50_latency_ms AS ratio,
        CASE
            WHEN a.test_id IS NULL OR b.test_id IS NULL THEN NULL
            WHEN a.provenance <> 'measured' THEN a.provenance || ' results are not compared'
            WHEN a.acceleration IS DISTINCT FROM b.acceleration THEN 'different acceleration'
            WHEN a.threads IS DISTINCT FROM b.threads THEN 'different threads'
            WHEN a.weights_digest IS DISTINCT FROM b.weights_digest THEN 'different weights'
            WHEN a.low > b.high AND a.is_disturbed THEN 'every round of A fell into a slow phase of its host'
            WHEN b.low > a.high AND b.is_disturbed THEN 'every round of B fell into a slow phase of its host'
        END AS reason,
        CASE
            WHEN b.test_id IS NULL THEN 'only a'
            WHEN a.test_id IS NULL THEN 'only b'
            WHEN reason IS NOT NULL THEN 'not compared'
            WHEN a.low <= b.high AND b.low <= a.high THEN 'tied'
            WHEN ratio < 1 THEN 'b faster'
            ELSE 'b slower'
        END AS verdict
    FROM (FROM side WHERE name = 'a') AS a
    FULL JOIN (FROM side WHERE name = 'b') AS b
        ON a.model_id = b.model_id AND a.provenance = b.provenance
        AND a.same_hardware IS NOT DISTINCT FROM b.same_hardware
        AND a.same_endpoint IS NOT DISTINCT FROM b.same_endpoint
        AND a.precision IS NOT DISTINCT FROM b.precision AND a.batch_size IS NOT DISTINCT FROM b.batch_size
        AND a.sequence_length IS NOT DISTINCT FROM b.sequence_length
)
SELECT
    CASE WHEN a.test_id IS NOT NULL THEN a END AS a, CASE WHEN b.test_id IS NOT NULL THEN b END AS b,
    CASE WHEN reason IS NULL THEN ratio END AS p50_ratio, verdict, reason,
    row_number() OVER (
        ORDER BY list_position(['b slower', 'b faster', 'tied', 'not compared', 'only a', 'only b'], verdict),
            CASE WHEN reason IS NULL THEN greatest(ratio, 1 / ratio) END DESC NULLS LAST, model_id,
            coalesce(a.hardware_id, b.hardware_id), coalesce(a.endpoint_type, b.endpoint_type),
            coalesce(a.precision, b.precision), coalesce(a.batch_size, b.batch_size),
            coalesce(a.sequence_length, b.sequence_length), coalesce(a.provenance, b.provenance)
    ) - 1 AS number,
    (SELECT histogram(verdict) FROM paired) AS verdicts
FROM paired
QUALIFY number < coalesce($count, 1000000) OR number = $number
ORDER BY number
