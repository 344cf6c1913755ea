-- One imported performance row of an accelerator that was as fast as the CPU of its host: the label says where it was
-- asked to run, the time says where it ran. Compared with the CPU of the same file, for a host is not equally fast every
-- day; where the file has none, with that of the host. Judged over all pairs of one host, shape and hardware type, and
-- over those of one file; fewer than three pairs have to agree more closely. What an earlier import withdrew counts too.
WITH figure AS (
    SELECT
        t.id AS test_id, t.run_id, t.model_id, t.batch_size, t.sequence_length, h.hardware_type,
        p.id IS NOT NULL AS stands,
        coalesce(p.average_latency_ms, (t.details ->> 'withdrawn_average_latency_ms')::DOUBLE) AS average_latency_ms,
        t.details -> 'source' ->> 'shape' AS shape, coalesce(t.details ->> 'hostname', '') AS host,
        t.details ->> 'label' AS label
    FROM test_results AS t
    JOIN hardware_platforms AS h USING (hardware_id)
    LEFT JOIN performance_results AS p ON p.test_id = t.id
    WHERE t.provenance = 'imported' AND (p.id IS NOT NULL OR (t.details ->> 'withdrawn_average_latency_ms') IS NOT NULL)
),
cpu AS (
    SELECT
        shape, host, model_id, batch_size, sequence_length, label, run_id,
        median(average_latency_ms) AS average_latency_ms
    FROM figure
    WHERE hardware_type = 'CPU'
    GROUP BY GROUPING SETS (
        (shape, host, model_id, batch_size, sequence_length, label, run_id),
        (shape, host, model_id, batch_size, sequence_length, label)
    )
),
pair AS (
    SELECT f.test_id, f.shape, f.host, f.hardware_type, f.run_id, f.average_latency_ms / c.average_latency_ms AS to_cpu
    FROM figure AS f
    JOIN cpu AS c
        ON c.shape = f.shape AND c.host = f.host AND c.model_id = f.model_id AND c.label = f.label
        AND c.batch_size IS NOT DISTINCT FROM f.batch_size AND c.sequence_length IS NOT DISTINCT FROM f.sequence_length
        AND (c.run_id = f.run_id OR c.run_id IS NULL)
    WHERE f.hardware_type <> 'CPU'
    QUALIFY row_number() OVER (PARTITION BY f.test_id ORDER BY c.run_id NULLS LAST) = 1
),
ratio AS (
    SELECT shape, host, hardware_type, run_id, median(to_cpu) AS to_cpu, count(*) AS pairs
    FROM pair
    GROUP BY GROUPING SETS ((shape, host, hardware_type), (shape, host, hardware_type, run_id))
)
SELECT
    f.test_id,
    printf('as fast as the CPU of its host (median ratio %.2f over %d pairs): it ran there', r.to_cpu, r.pairs) AS reason
FROM figure AS f
JOIN ratio AS r
    ON r.shape = f.shape AND r.host = f.host AND r.hardware_type = f.hardware_type
    AND (r.run_id = f.run_id OR r.run_id IS NULL)
WHERE f.stands AND abs(r.to_cpu - 1) <= CASE WHEN r.pairs >= 3 THEN 0.1 ELSE 0.02 END
QUALIFY row_number() OVER (PARTITION BY f.test_id ORDER BY r.pairs DESC) = 1
ORDER BY f.test_id
