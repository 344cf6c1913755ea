-- One run whose id begins so, that one first which is exactly it, then the newest.
SELECT run_id
FROM test_results
WHERE starts_with(run_id, $beginning)
GROUP BY run_id
ORDER BY run_id = $beginning DESC, max("timestamp") DESC, run_id
