-- One value that a filter offers, with how many cases have it.
SELECT 'type' AS filter, hardware_type AS value, count(*) AS cases FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'family', model_family, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'model_type', model_type, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'endpoint', endpoint_type, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'precision', coalesce(precision, 'unknown'), count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'batch', batch_size::VARCHAR, count(*) FROM dashboard_case WHERE batch_size IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'provenance', provenance, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'acceleration', acceleration, count(*) FROM dashboard_case WHERE acceleration IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'status', status, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'model', model_id, count(*) FROM dashboard_case GROUP BY ALL
UNION ALL SELECT 'hardware', hardware_id, count(*) FROM dashboard_case GROUP BY ALL
ORDER BY filter, try_cast(value AS INTEGER), value
