-- What two columns of energy really hold.

COMMENT ON COLUMN performance_results.energy_efficiency_items_per_joule IS 'Items of the timed windows over the energy of these windows, pauses between iterations included; never from estimates';
COMMENT ON COLUMN recommendations.energy_efficiency_items_per_joule IS 'As in performance_results: items of the timed windows over their energy; never from estimates';
COMMENT ON COLUMN power_metrics.estimated_runtime_hours IS 'Until the charge at hand is used up at this drain; only from a battery that discharges';
