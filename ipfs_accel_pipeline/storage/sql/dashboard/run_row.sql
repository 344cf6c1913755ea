-- One run, or only that of $run_id: the newest first.
SELECT * FROM dashboard_run
WHERE $run_id IS NULL OR run_id = $run_id
ORDER BY ended_at DESC, run_id
LIMIT coalesce($count, 1000)
