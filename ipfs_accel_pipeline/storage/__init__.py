"""Everything that knows DuckDB or the shard files beside it. Knows neither Dagster nor how numbers are measured."""
