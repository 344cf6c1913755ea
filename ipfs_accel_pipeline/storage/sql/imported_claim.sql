-- One imported test whose figures are claimed and have no performance row. What was taken back stays without one.
SELECT t.id
FROM test_results AS t
WHERE t.id IN (SELECT unnest($ids::VARCHAR[])) AND t.provenance = 'imported' AND t.success
    AND (t.details ->> 'evidence') = 'claimed' AND (t.details ->> 'withdrawn_average_latency_ms') IS NULL
    AND NOT EXISTS (SELECT 1 FROM performance_results AS p WHERE p.test_id = t.id)
