-- One hardware platform, or one absent hardware type with its reason, with the counts of its cases.
SELECT * FROM dashboard_platform ORDER BY hardware_type, available DESC, hardware_id
