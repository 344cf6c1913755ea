-- A power row without a number and without the reason.
SELECT id, test_id, source
FROM power_metrics
WHERE power_watts_avg IS NULL AND reason IS NULL
ORDER BY id
