-- Regressions of one case at one place that nobody has reviewed, with the metrics in which they show: the newest first.
SELECT
    model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length, changed_at,
    list({'metric': metric, 'relative_change': relative_change} ORDER BY metric) AS metrics,
    arg_max(what_changed, length(what_changed::VARCHAR)) AS what_changed
FROM performance_changes
WHERE kind = 'regression' AND status = 'new' AND still_found AND recovered_at IS NULL
GROUP BY ALL
ORDER BY changed_at DESC, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
LIMIT $count
