-- One test that meets the filters, newest first: the whole history, not only the newest of each case.
SELECT
    t.id AS test_id, t.run_id, t."timestamp" AS tested_at, t.model_id, m.model_family, t.hardware_id, h.hardware_type,
    h.acceleration, t.endpoint_type, t.precision, t.batch_size, t.sequence_length, t.status, t.success, t.provenance,
    t.error_message, t.execution_time AS execution_time_s, t.backend, t.backend_version
FROM test_results AS t
JOIN models AS m USING (model_id)
JOIN hardware_platforms AS h USING (hardware_id)
WHERE t.rowid IN (
    SELECT f.rowid FROM test_results AS f
    WHERE ($filters IS NULL OR (
        ($filters.models IS NULL OR list_contains($filters.models::VARCHAR[], f.model_id))
        AND ($filters.hardware IS NULL OR list_contains($filters.hardware::VARCHAR[], f.hardware_id))
        AND ($filters.endpoints IS NULL OR list_contains($filters.endpoints::VARCHAR[], f.endpoint_type))
        AND ($filters.precisions IS NULL OR list_contains($filters.precisions::VARCHAR[], coalesce(f.precision, 'unknown')))
        AND ($filters.batch_sizes IS NULL OR list_contains($filters.batch_sizes::INTEGER[], f.batch_size))
        AND ($filters.sequence_lengths IS NULL OR list_contains($filters.sequence_lengths::INTEGER[], f.sequence_length))
        AND ($filters.provenances IS NULL OR list_contains($filters.provenances::VARCHAR[], f.provenance))
        AND ($filters.statuses IS NULL OR list_contains($filters.statuses::VARCHAR[], f.status))
        AND ($filters.families IS NULL OR f.model_id IN (
            SELECT model_id FROM models WHERE list_contains($filters.families::VARCHAR[], model_family)))
        AND ($filters.model_types IS NULL OR f.model_id IN (
            SELECT model_id FROM models WHERE list_contains($filters.model_types::VARCHAR[], model_type)))
        AND ($filters.hardware_types IS NULL OR f.hardware_id IN (
            SELECT hardware_id FROM hardware_platforms WHERE list_contains($filters.hardware_types::VARCHAR[], hardware_type)))
        AND ($filters.accelerations IS NULL OR f.hardware_id IN (
            SELECT hardware_id FROM hardware_platforms WHERE list_contains($filters.accelerations::VARCHAR[], acceleration)))
    ))
    AND ($run_id IS NULL OR f.run_id = $run_id)
    AND (NOT coalesce($failed_only, FALSE) OR (NOT f.success AND f.status NOT IN ('unsupported', 'skipped')))
    ORDER BY f."timestamp" DESC, f.id
    LIMIT coalesce($count, 200) OFFSET coalesce($skip, 0)
)
ORDER BY t."timestamp" DESC, t.id
