-- One lasting change of one case that the newest analysis still sees, the newest first.
SELECT
    changed_at, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, metric, kind,
    value_before, value_after, relative_change, relative_change_low, relative_change_high, confidence, points_before,
    points_after, what_changed, reason, recovered_at, status, note
FROM performance_changes
WHERE still_found AND model_id = $model_id AND hardware_id = $hardware_id AND endpoint_type = $endpoint_type
    AND precision IS NOT DISTINCT FROM $precision AND batch_size IS NOT DISTINCT FROM $batch_size
    AND sequence_length IS NOT DISTINCT FROM $sequence_length
ORDER BY changed_at DESC, metric, kind
