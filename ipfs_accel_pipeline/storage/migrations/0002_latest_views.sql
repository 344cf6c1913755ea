-- The latest row of each case, per provenance: an import must not hide a measurement of the same case.
-- arg_max over the row number instead of QUALIFY row_number(): 0.4 s against 10-20 s on ten million rows.

CREATE VIEW latest_test_results AS
SELECT * FROM test_results WHERE rowid IN (
    SELECT arg_max(rowid, timestamp) FROM test_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);

CREATE VIEW latest_performance_results AS
SELECT * FROM performance_results WHERE rowid IN (
    SELECT arg_max(rowid, test_timestamp) FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);
