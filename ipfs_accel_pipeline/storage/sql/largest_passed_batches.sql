-- One hardware platform and the largest batch that passed on it in a measured test: its max_batch_size.
SELECT hardware_id, max(batch_size) AS max_batch_size
FROM test_results
WHERE success AND provenance = 'measured'
GROUP BY hardware_id
ORDER BY hardware_id
