-- One run, newest first.
SELECT * FROM dashboard_run ORDER BY ended_at DESC, run_id LIMIT coalesce($count, 1000)
