-- One preference by which something was recommended.
SELECT DISTINCT prefer FROM recommendations ORDER BY prefer
