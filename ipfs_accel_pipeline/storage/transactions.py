"""All or nothing: one transaction around several statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from ipfs_accel_pipeline.storage.failures import as_storage_errors


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commits at the end, rolls back on any exception. Inside another transaction it joins that one."""
    if in_transaction(connection):
        yield
        return
    connection.begin()
    try:
        yield
        with as_storage_errors("Cannot commit"):
            # DuckDB lets an aborted transaction "commit" without a word; any statement shows that it is aborted.
            connection.execute("SELECT 1").fetchall()
            connection.commit()
    except BaseException:
        # After a full disk DuckDB may refuse even this; the file keeps the last commit either way.
        with suppress(duckdb.Error):
            connection.rollback()
        raise


def in_transaction(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether begin() was called: outside of a transaction every statement has a number of its own."""
    first, second = (connection.execute("SELECT txid_current()").fetchall() for _ in range(2))
    return first == second
