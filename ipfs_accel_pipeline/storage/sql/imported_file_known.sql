-- One legacy file (by the hash of its content) that need not be read again: what older readers could not read, may be.
SELECT id
FROM imported_files
WHERE (outcome NOT IN ('unknown', 'refused') OR tool_version = $tool_version)
    AND ($ids IS NULL OR id IN (SELECT unnest($ids::VARCHAR[])))
ORDER BY id
