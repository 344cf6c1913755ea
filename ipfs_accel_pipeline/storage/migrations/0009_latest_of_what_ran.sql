-- A skipped test was not run, so it is the latest of its case only where no other one is. Of two tests of one moment the
-- greater id is the latest, as everywhere else.

CREATE OR REPLACE VIEW latest_test_results AS
SELECT * FROM test_results WHERE rowid IN (
    SELECT arg_max(rowid, (status <> 'skipped', timestamp, id)) FROM test_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);

CREATE OR REPLACE VIEW latest_performance_results AS
SELECT * FROM performance_results WHERE rowid IN (
    SELECT arg_max(rowid, (test_timestamp, id)) FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);
