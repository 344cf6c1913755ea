-- One model with the counts of its cases, tested or not.
SELECT * FROM dashboard_model ORDER BY model_family, model_id
