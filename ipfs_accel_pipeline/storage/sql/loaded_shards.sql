-- One shard of which test_results holds rows, optionally of one hardware: what need not be loaded again.
SELECT DISTINCT shard_id
FROM test_results
WHERE shard_id IS NOT NULL AND ($hardware_id IS NULL OR hardware_id = $hardware_id)
ORDER BY shard_id
