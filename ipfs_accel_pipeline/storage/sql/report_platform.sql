-- One hardware platform, or one hardware type that is absent with its reason; in every table of tests or not.
-- An absence is left out where a later detection of that host found a device of the type.
SELECT
    hardware_id, hardware_type, device_name, available, unavailable_reason, acceleration, compute_units,
    memory_capacity AS memory_capacity_mb, driver_version, supported_precisions, hostname, detected_at
FROM hardware_platforms AS h
WHERE h.available OR NOT EXISTS (
    FROM hardware_platforms AS later
    WHERE later.hardware_type = h.hardware_type AND later.hostname = h.hostname
        AND h.hardware_id LIKE '%-absent' AND later.detected_at > h.detected_at)
ORDER BY hardware_type, hardware_id
