-- One reason why power is not known, with the cases it stands for: those with numbers or with a sensor that was asked.
SELECT
    hardware_id, power_source,
    CASE
        WHEN power_source IS NOT NULL THEN power_reason
        WHEN provenance = 'measured' THEN 'no reading is stored'
        ELSE provenance || ' without a reading'
    END AS power_reason,
    count(*) AS cases
FROM chosen_cases($filters)
WHERE power_watts_avg IS NULL AND (power_source IS NOT NULL OR p50_latency_ms IS NOT NULL)
GROUP BY ALL
ORDER BY cases DESC, hardware_id, power_reason
