"""The measuring core: protocol, statistics, parity, memory, power, launcher.

In scope: timing a call, judging outputs, isolating processes, turning observations into rows.
Out of scope: which models exist, how a runtime works, Dagster, DuckDB.
"""
