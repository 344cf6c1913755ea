-- One version of a runtime with how many passed measured tests it has, newest first.
SELECT backend, backend_version, count(*) AS tests, max("timestamp") AS last_used_at
FROM test_results
WHERE backend IS NOT NULL AND backend_version IS NOT NULL AND success AND provenance = 'measured'
GROUP BY backend, backend_version
ORDER BY last_used_at DESC, backend, backend_version
