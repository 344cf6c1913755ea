"""The result files of the first project: found, told apart by their keys, and read. Nothing is written here.

bytes -> document -> shape -> findings with the place of every value -> an evidence grade. Readers are pure functions;
which of the findings become rows is decided in `pipeline/migration`, because percentiles and models are its business.
"""
