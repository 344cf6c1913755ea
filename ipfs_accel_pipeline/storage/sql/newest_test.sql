-- One row: when the newest test of the database was made, of any provenance.
SELECT max("timestamp") AS newest_test_at FROM test_results
