-- A result of a time that is still to come (a day is left to clocks that disagree): it would stay the newest of its case.
SELECT id, run_id, hardware_id, "timestamp"
FROM test_results
WHERE "timestamp" > now() + INTERVAL 1 DAY
ORDER BY id
