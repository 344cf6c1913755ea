-- What was recommended or ruled out by one preference: case by case, the best first, what was ruled out last.
SELECT *
FROM recommendations
WHERE prefer = $prefer
    AND ($models IS NULL OR list_contains($models::VARCHAR[], model_id))
    AND ($precisions IS NULL OR list_contains($precisions::VARCHAR[], coalesce(precision, 'unknown')))
    AND ($batch_sizes IS NULL OR list_contains($batch_sizes::INTEGER[], batch_size))
    AND ($endpoints IS NULL OR list_contains($endpoints::VARCHAR[], endpoint_type))
ORDER BY
    model_id, precision, batch_size, sequence_length NULLS FIRST, place NULLS LAST, hardware_id, endpoint_type, threads
