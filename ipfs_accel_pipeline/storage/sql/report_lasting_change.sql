-- One lasting change of the chosen models and hardware that the newest analysis still sees: regressions first.
SELECT
    changed_at, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, metric, kind,
    value_before, value_after, relative_change, relative_change_low, relative_change_high, confidence, points_before,
    points_after, what_changed, reason, recovered_at, status, note
FROM performance_changes
WHERE still_found
    AND list_contains($models::VARCHAR[], model_id) AND list_contains($hardware::VARCHAR[], hardware_id)
ORDER BY kind = 'regression' AND status = 'new' AND recovered_at IS NULL DESC, changed_at DESC, id
