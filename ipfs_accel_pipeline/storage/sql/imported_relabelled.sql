-- One imported performance row of an accelerator that was as fast as the CPU of its host: the label says where it was
-- asked to run, the time says where it ran. Compared with the CPU of the same file, for a host is not equally fast every
-- day; where the file has none, with that of the host. Judged over all pairs of one host, shape and hardware type, and
-- over those of one file; fewer than three pairs have to agree more closely.
WITH figure AS (
    SELECT
        p.test_id, p.run_id, p.model_id, p.batch_size, p.sequence_length, p.average_latency_ms, h.hardware_type,
        t.details -> 'source' ->> 'shape' AS shape, coalesce(t.details ->> 'hostname', '') AS host,
        t.details ->> 'label' AS label
    FROM performance_results AS p
    JOIN hardware_platforms AS h USING (hardware_id)
    JOIN test_results AS t ON t.id = p.test_id
    WHERE p.provenance = 'imported'
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
WHERE abs(r.to_cpu - 1) <= CASE WHEN r.pairs >= 3 THEN 0.1 ELSE 0.02 END
QUALIFY row_number() OVER (PARTITION BY f.test_id ORDER BY r.pairs DESC) = 1
ORDER BY f.test_id
