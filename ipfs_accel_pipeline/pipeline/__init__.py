"""The steps of the pipeline, one file each, for whoever drives them: the command line or Dagster.

detection -> catalogue -> preparation -> planning -> measuring -> loading -> publishing. Knows neither of its drivers.
"""
