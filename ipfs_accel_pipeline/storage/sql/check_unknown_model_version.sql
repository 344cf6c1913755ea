-- A measured test whose model version is not in model_versions (DuckDB cannot add a foreign key later).
SELECT test.id, test.model_id, test.model_version_id
FROM test_results AS test
LEFT JOIN model_versions AS version USING (model_version_id)
WHERE test.model_version_id IS NOT NULL AND version.model_id IS NULL
ORDER BY test.id
