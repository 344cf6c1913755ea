"""Pure functions over stored results. Knows neither DuckDB nor Dagster."""
