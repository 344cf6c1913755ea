"""Brings the result files of the first project into the tables: `migrate` in run.py, `verify` in verify.py.

find -> read (storage/legacy_json) -> grade -> rows -> write a batch -> look at all imported rows together.
"""
