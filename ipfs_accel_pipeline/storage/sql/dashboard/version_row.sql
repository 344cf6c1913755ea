-- One version of a runtime, newest first.
SELECT * FROM dashboard_version
