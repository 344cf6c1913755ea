-- One case with a reading of power, temperature or energy, the most efficient first.
SELECT * FROM chosen_cases($filters)
WHERE power_watts_avg IS NOT NULL OR power_watts_peak IS NOT NULL OR temperature_celsius_avg IS NOT NULL
    OR temperature_celsius_peak IS NOT NULL OR energy_efficiency_items_per_joule IS NOT NULL
ORDER BY energy_efficiency_items_per_joule DESC, power_watts_avg, model_id, hardware_id, test_id
LIMIT coalesce($count, 300)
