-- One imported performance row whose average is, to every digit, that of the same model on another hardware type.
WITH figure AS (
    SELECT p.test_id, p.model_id, p.batch_size, p.sequence_length, p.average_latency_ms, h.hardware_type
    FROM performance_results AS p
    JOIN hardware_platforms AS h USING (hardware_id)
    WHERE p.provenance = 'imported'
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
GROUP BY one.test_id
ORDER BY one.test_id
