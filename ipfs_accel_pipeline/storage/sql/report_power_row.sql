-- The latest power metrics of one case (model, hardware, endpoint, precision, batch, sequence length) per provenance.
WITH of_case AS (
    SELECT
        t.model_id, t.hardware_id, t.endpoint_type, t.precision, t.batch_size, t.sequence_length, t.provenance,
        arg_max(p.id, (p.test_timestamp, p.id)) AS id
    FROM power_metrics AS p
    JOIN test_results AS t ON t.id = p.test_id
    WHERE list_contains($models::VARCHAR[], t.model_id) AND list_contains($hardware::VARCHAR[], t.hardware_id)
        AND ($since IS NULL OR p.test_timestamp >= $since::TIMESTAMPTZ)
    GROUP BY ALL
)
SELECT
    c.model_id, c.hardware_id, c.endpoint_type, c.precision, c.batch_size, c.sequence_length,
    p.power_watts_avg, p.power_watts_peak, p.temperature_celsius_avg, p.temperature_celsius_peak,
    p.source, p.kind, p.scope, c.provenance, p.reason
FROM of_case AS c
JOIN power_metrics AS p USING (id)
ORDER BY ALL
