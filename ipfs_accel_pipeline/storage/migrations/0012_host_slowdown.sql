-- How slow the host was where it was slow in every round: such a result may be faster than it looks, and by how much.

ALTER TABLE performance_results ADD COLUMN host_slowdown DOUBLE;

COMMENT ON COLUMN performance_results.host_slowdown IS 'Where every round fell into a slow phase of the host: how many times longer, by the worse of its two signs, the quietest round took; NULL where a quiet round counts, or no sign was kept';

CREATE OR REPLACE VIEW latest_performance_results AS
SELECT * FROM performance_results WHERE rowid IN (
    SELECT arg_max(rowid, (test_timestamp, id)) FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);

UPDATE performance_results AS p
SET host_slowdown = list_min(list_transform(
    from_json(t.details -> 'rounds', '[{"canary_slowdown": "DOUBLE", "contention_slowdown": "DOUBLE"}]'),
    lambda one: greatest(one.canary_slowdown, one.contention_slowdown)
))
FROM test_results AS t
WHERE t.id = p.test_id AND p.slow_rounds = p.rounds;
