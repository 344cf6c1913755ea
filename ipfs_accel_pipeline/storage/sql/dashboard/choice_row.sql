-- One value that a filter offers, with how many cases have it.
SELECT * FROM dashboard_choice
