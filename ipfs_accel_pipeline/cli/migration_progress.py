"""What a person sees of a migration: a bar on a terminal, only what needs attention elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class MigrationProgress:
    """Writes to standard error, so that a report on standard output stays clean."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._entries = 0
        self._read = 0

    def __enter__(self) -> MigrationProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def found(self, entries: int) -> None:
        self._entries = entries
        self._task = self._bar.add_task("reading", total=entries)
        if not self._quiet and not self._console.is_terminal:
            self._console.print(f"reading {entries} files", markup=False)

    def read(self, source: str, outcome: str) -> None:
        self._read += 1
        if self._task is not None:
            # An archive is one entry with many members, so the end is only known when it is reached.
            self._bar.update(self._task, advance=1, total=max(self._entries, self._read))

    def warn(self, message: str) -> None:
        if not self._quiet:
            self._console.print(message, markup=False)
