-- One imported performance row whose average is, to every digit, that of the same model on another hardware type; what
-- an earlier import withdrew proves it too.
WITH figure AS (
    SELECT
        t.id AS test_id, t.model_id, t.batch_size, t.sequence_length, h.hardware_type, p.id IS NOT NULL AS stands,
        coalesce(p.average_latency_ms, (t.details ->> 'withdrawn_average_latency_ms')::DOUBLE) AS average_latency_ms
    FROM test_results AS t
    JOIN hardware_platforms AS h USING (hardware_id)
    LEFT JOIN performance_results AS p ON p.test_id = t.id
    WHERE t.provenance = 'imported'
)
SELECT
    one.test_id,
    'the same average to every digit on ' || string_agg(DISTINCT other.hardware_type ORDER BY other.hardware_type)
        || ': a constant, not a measurement' AS reason
FROM figure AS one
JOIN figure AS other
    ON other.model_id = one.model_id AND other.average_latency_ms = one.average_latency_ms
    AND other.batch_size IS NOT DISTINCT FROM one.batch_size
    AND other.sequence_length IS NOT DISTINCT FROM one.sequence_length
    AND other.hardware_type <> one.hardware_type
WHERE one.stands
GROUP BY one.test_id
ORDER BY one.test_id
