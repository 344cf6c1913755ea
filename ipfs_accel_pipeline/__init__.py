"""Benchmarks of AI models on hardware endpoints, orchestrated by Dagster and kept in DuckDB.

The layers and their order are in pyproject.toml under import-linter; each sub-package says in its
first lines what lives there.
"""
