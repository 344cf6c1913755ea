-- A performance row of a test that was emulated, did not pass, or has another provenance than its row claims.
SELECT performance.id, performance.test_id, test.provenance AS test_provenance, performance.provenance
FROM performance_results AS performance
JOIN test_results AS test ON test.id = performance.test_id
WHERE test.provenance = 'emulated' OR NOT test.success OR test.provenance <> performance.provenance
ORDER BY performance.id
