-- A measured pass without the parity or the actual device that would prove it.
SELECT id, model_id, hardware_id, endpoint_type, parity_cosine, actual_device
FROM test_results
WHERE success AND provenance = 'measured' AND test_type = 'benchmark'
    AND (parity_cosine IS NULL OR actual_device IS NULL)
ORDER BY id
