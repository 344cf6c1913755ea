-- One model and one hardware platform, for every model that was ever tested: the cells of the matrix, empty ones too.
-- `tested` is false where there is no evidence; `reason` then says why.
SELECT
    model.model_id, model.model_name, model.model_family, model.model_type, model.modality,
    platform.hardware_id, platform.hardware_type, platform.device_name, platform.available,
    found.id IS NOT NULL AS tested,
    found.compatibility_status, found.compatibility_score, found.recommended, found.last_tested,
    CASE WHEN found.id IS NULL THEN coalesce(platform.unavailable_reason, 'not tested') ELSE found.reason END AS reason
FROM models AS model
CROSS JOIN hardware_platforms AS platform
LEFT JOIN hardware_compatibility AS found
    ON found.model_id = model.model_id AND found.hardware_id = platform.hardware_id
WHERE model.model_id IN (SELECT model_id FROM hardware_compatibility)
ORDER BY model.model_id, platform.hardware_type, platform.hardware_id
