-- One legacy file of which rows are stored, with where it was seen and how many tests came from it.
SELECT f.id, f.path, count(*) AS tests
FROM imported_files AS f
JOIN test_results AS t ON t.run_id = 'import-' || f.id[:12]
WHERE t.provenance = 'imported' AND t.test_type = 'import'
GROUP BY ALL
ORDER BY f.path, f.id
