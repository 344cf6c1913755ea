"""Stores what assets return in the table of their name, by the rules of storage/.

Built on dagster-duckdb, whose own way (delete the partition, insert by position, no transaction, tables made from the
frame) would erase history and keys. What is added here: which rows an input loads, and what the UI shows of a write.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast, get_origin

import dagster as dg
import pandas as pd
from dagster._core.storage.db_io_manager import DbIOManager, DbTypeHandler, TablePartitionDimension, TableSlice
from dagster_duckdb import DuckDBIOManager
from dagster_duckdb.io_manager import DuckDbClient
from dagster_duckdb_pandas import DuckDBPandasTypeHandler
from pydantic import Field

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database, transaction
from ipfs_accel_pipeline.storage.reading import read_rows, read_table
from ipfs_accel_pipeline.storage.staging import columns_of
from ipfs_accel_pipeline.storage.tables import TABLES, WritePolicy, table_named
from ipfs_accel_pipeline.storage.writing import WriteCounts, write_rows

SCOPES = ("partition", "all", "batch")
_SCHEMA = "main"


class PipelineDbClient(DuckDbClient):
    """Waits for the database, gives one transaction per output or input, always closes."""

    def __init__(self, database: str, lock_timeout_s: float, config: Mapping[str, Any]) -> None:
        self.database = database
        self.lock_timeout_s = lock_timeout_s
        self.config = config

    @contextmanager
    def connect(self, context: Any, _: TableSlice) -> Iterator[Any]:  # type: ignore[override]
        begun = time.monotonic()
        # For writing even to load: an asset may ask for a table of a database that nobody made yet.
        with open_database(self.database, lock_timeout_s=self.lock_timeout_s, config=self.config) as connection:
            if isinstance(context, dg.OutputContext):
                context.add_output_metadata({"db_lock_wait_s": round(time.monotonic() - begun, 3)})
            with transaction(connection):
                yield connection

    @staticmethod
    def ensure_schema_exists(context: dg.OutputContext, table_slice: TableSlice, connection: Any) -> None:
        """Nothing to do: open_database applied the migrations."""

    @staticmethod
    def delete_table_slice(context: dg.OutputContext, table_slice: TableSlice, connection: Any) -> None:
        """Nothing to do: what may be deleted is the write policy's decision (storage.tables)."""


class PipelineTypeHandler(DuckDBPandasTypeHandler):
    """Frames, and lists of the table's dataclass; each asset may return what it has at hand."""

    @property
    def supported_types(self) -> Sequence[type[object]]:
        return [pd.DataFrame, list]

    def handle_output(
        self, context: dg.OutputContext, table_slice: TableSlice, obj: pd.DataFrame | list[Any], connection: Any
    ) -> dict[str, Any]:
        replaces = table_named(table_slice.table).policy is WritePolicy.REPLACE
        conditions = _conditions(table_slice)
        counts = write_rows(
            connection,
            table_slice.table,
            obj,
            replace_slice=conditions if replaces else None,
            within=conditions,
        )
        return _metadata(connection, table_slice, counts)

    def load_input(self, context: dg.InputContext, table_slice: TableSlice, connection: Any) -> Any:
        where = _conditions(table_slice)
        if _scope(context) == "batch":
            where["run_id"] = _root_run_id(context)
        if _wants_records(context):
            return read_rows(connection, table_slice.table, where)
        return read_table(connection, table_slice.table, where, table_slice.columns)


class PipelineDbIOManager(DbIOManager):
    """Finds table and rows: the table is named by the asset key's last part, its partitions by the slice column."""

    def load_input(self, context: dg.InputContext) -> object:
        if not _wants_records(context):
            return super().load_input(context)
        # The stock code cannot look up a handler for `list[Model]`, only for plain classes.
        table_slice = self._get_table_slice(context, cast("dg.OutputContext", context.upstream_output))
        with self._db_client.connect(context, table_slice) as connection:
            return self._resolve_handler(list).load_input(context, table_slice, connection)

    def _get_table_slice(
        self, context: dg.OutputContext | dg.InputContext, output_context: dg.OutputContext
    ) -> TableSlice:
        table = context.asset_key.path[-1] if context.has_asset_key else output_context.name
        if table not in TABLES:
            # Never a table made from a frame: it would have no keys and no checks, and guess its types.
            raise StorageError(
                f"There is no table {table!r} for the asset {'/'.join(context.asset_key.path)}. "
                "Add a migration and an entry in storage/tables.py, or give the asset another io_manager_key. "
                f"Tables: {', '.join(TABLES)}."
            )
        columns = (context.definition_metadata or {}).get("columns")
        return TableSlice(table, _SCHEMA, self._database, columns, _partition_dimensions(context, table))


class PipelineDuckDBIOManager(DuckDBIOManager):
    """IO manager of the tables. Without `database` it asks BENCHMARK_DB_PATH when the run starts."""

    database: str = Field(default="", description="Path of the DuckDB file; empty: BENCHMARK_DB_PATH, or data/.")
    lock_timeout_s: float = Field(default=300.0, description="How long to wait for another process to be done.")

    @classmethod
    def _is_dagster_maintained(cls) -> bool:
        return False

    @staticmethod
    def type_handlers() -> Sequence[DbTypeHandler]:
        return [PipelineTypeHandler()]

    @staticmethod
    def default_load_type() -> type | None:
        return pd.DataFrame

    def create_io_manager(self, context: Any) -> DbIOManager:
        database = str(load_settings(self.database or None).database)
        return PipelineDbIOManager(
            db_client=PipelineDbClient(database, self.lock_timeout_s, self.connection_config),
            database=database,
            schema=_SCHEMA,
            type_handlers=self.type_handlers(),
            default_load_type=self.default_load_type(),
            io_manager_name=type(self).__name__,
        )


def _partition_dimensions(context: dg.OutputContext | dg.InputContext, table: str) -> list[TablePartitionDimension]:
    column = TABLES[table].slice_column
    if not context.has_asset_partitions or (isinstance(context, dg.InputContext) and _scope(context) == "all"):
        return []
    if column is None:
        raise StorageError(f"{table} is one table for all hardware: its asset cannot be partitioned.")
    return [TablePartitionDimension(f'"{column}"', list(context.asset_partition_keys))]


def _conditions(table_slice: TableSlice) -> dict[str, Any]:
    """The rows of these partitions, as storage wants them named."""
    dimensions = table_slice.partition_dimensions or []
    return {dimension.partition_expr.strip('"'): dimension.partitions for dimension in dimensions}


def _scope(context: dg.InputContext) -> str:
    """What the input asked for: partition (default), all (also of retired hardware) or batch (of this root run)."""
    scope = (context.definition_metadata or {}).get("scope", "partition")
    if scope not in SCOPES:
        raise StorageError(f"The input {context.name} has scope {scope!r}. Scopes: {', '.join(SCOPES)}.")
    return scope


def _root_run_id(context: dg.InputContext) -> str:
    """As defs.runs.root_run_id says it; the context of an input knows its run by another way."""
    run = context.step_context.dagster_run
    return run.root_run_id or run.run_id


def _wants_records(context: dg.InputContext) -> bool:
    kind = context.dagster_type.typing_type
    return kind is list or get_origin(kind) is list


def _metadata(connection: Any, table_slice: TableSlice, counts: WriteCounts) -> dict[str, Any]:
    table = table_named(table_slice.table)
    columns = [
        dg.TableColumn(
            column.name,
            column.type,
            description=column.comment,
            constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=column.name == table.primary_key),
        )
        for column in columns_of(connection, table)
    ]
    return {
        "dagster/row_count": counts.table_rows,
        "dagster/column_schema": dg.TableSchema(columns),
        "rows_written": counts.rows,
        "rows_added": counts.added,
        "rows_rewritten": counts.rewritten,
        "rows_removed": counts.removed,
        "write_policy": str(table.policy),
    }
