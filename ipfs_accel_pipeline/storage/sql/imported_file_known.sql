-- One legacy file that need not be read again, not even for the figures that it claims where those are wanted. Older
-- readers knew files by their content alone, even where only the name tells the model: that content may still come under
-- another name.
SELECT id
FROM imported_files AS f
WHERE (outcome NOT IN ('unknown', 'refused') OR tool_version = $tool_version)
    AND (claims_accepted OR NOT coalesce($accept_claimed, FALSE) OR outcome NOT IN ('imported', 'duplicate'))
    AND ($ids IS NULL OR id IN (SELECT unnest($ids::VARCHAR[])))
    AND NOT EXISTS (
        SELECT 1
        FROM test_results AS t
        WHERE t.run_id = 'import-' || f.id[:12] AND (t.details ->> '$.source.sha256') = f.id
            AND (t.details ->> '$.source.values.model[2]') = 'file name'
    )
ORDER BY id
