"""The dashboard: pages, downloads and an API over the published snapshot. Reads only, and knows no Dagster."""
