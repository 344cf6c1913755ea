-- One reason why power is not known, with the cases it stands for.
SELECT hardware_id, power_source, power_reason, count(*) AS cases
FROM chosen_cases($filters)
WHERE power_watts_avg IS NULL AND power_source IS NOT NULL
GROUP BY ALL
ORDER BY cases DESC, hardware_id, power_reason
