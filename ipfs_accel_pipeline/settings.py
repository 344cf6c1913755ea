"""Where things are kept. Every path follows from the data folder and the database path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ipfs_accel_pipeline.errors import UsageError

DATABASE_VARIABLE = "BENCHMARK_DB_PATH"
DATA_VARIABLE = "BENCHMARK_DATA_DIR"
CATALOGUE_VARIABLE = "BENCHMARK_CATALOGUE"  # the user's own catalogue file (TOML)


@dataclass(frozen=True)
class Settings:
    """Paths of one installation. `data` holds everything that a run writes."""

    data: Path
    database: Path
    user_catalogue: Path | None = None

    @property
    def snapshot(self) -> Path:
        """The published read-only copy that every reader opens."""
        return self.database.with_name(self.database.stem + ".snapshot.duckdb")

    @property
    def shards(self) -> Path:
        return self.data / "shards"

    @property
    def bundles(self) -> Path:
        return self.data / "bundles"

    @property
    def legacy(self) -> Path:
        """Result files of the first project that Dagster imports."""
        return self.data / "legacy"

    @property
    def reports(self) -> Path:
        return self.data / "reports"

    @property
    def hub_jobs(self) -> Path:
        """Jobs of AI Hub whose results are not kept yet."""
        return self.data / "aihub"

    @property
    def canary(self) -> Path:
        """The fastest canary that each host has shown."""
        return self.data / "canary.json"


def load_settings(database: str | Path | None = None) -> Settings:
    """Settings from the environment; `database` (a command's --db-path) wins over BENCHMARK_DB_PATH.

    Without BENCHMARK_DATA_DIR the data folder is the database's own folder if a database was named,
    else `data/` in the working directory.
    """
    named = database or os.environ.get(DATABASE_VARIABLE)
    data = os.environ.get(DATA_VARIABLE)
    folder = Path(data) if data else (Path(named).parent if named else Path("data"))
    catalogue = os.environ.get(CATALOGUE_VARIABLE)
    database_path = Path(named or folder / "benchmark.duckdb").absolute()
    _refuse_what_names_no_file(database_path)
    return Settings(
        data=folder.absolute(),
        database=database_path,
        user_catalogue=Path(catalogue).absolute() if catalogue else None,
    )


def _refuse_what_names_no_file(database: Path) -> None:
    if os.path.isdir(database):  # in silence where it may not be looked at: opening it says so
        raise UsageError(f"{database} is a folder. Name a file in it with {DATABASE_VARIABLE} (--db-path).")
    try:
        str(database).encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"DuckDB cannot open {str(database).encode(errors='backslashreplace').decode()}: its name is no UTF-8. "
            f"Name another with {DATABASE_VARIABLE} (--db-path), or with {DATA_VARIABLE}."
        ) from error
