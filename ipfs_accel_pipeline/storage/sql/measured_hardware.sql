-- One hardware platform of which a test is stored that was run there.
SELECT DISTINCT hardware_id
FROM test_results
WHERE provenance = 'measured' AND status <> 'skipped'
ORDER BY hardware_id
