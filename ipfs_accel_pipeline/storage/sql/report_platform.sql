-- One hardware platform, or one hardware type that is absent with its reason; in every table of tests or not.
SELECT
    hardware_id, hardware_type, device_name, available, unavailable_reason, acceleration, compute_units,
    memory_capacity AS memory_capacity_mb, driver_version, supported_precisions, hostname, detected_at
FROM hardware_platforms
ORDER BY hardware_type, hardware_id
