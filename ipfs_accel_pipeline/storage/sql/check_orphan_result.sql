-- A result whose model or hardware is not in its table (foreign keys forbid it; this proves that they held).
SELECT result.id, result.model_id, result.hardware_id
FROM test_results AS result
LEFT JOIN models AS model USING (model_id)
LEFT JOIN hardware_platforms AS platform USING (hardware_id)
WHERE model.model_name IS NULL OR platform.device_name IS NULL
ORDER BY result.id
