"""What a person sees of a migration: a bar on a terminal, only what needs attention elsewhere."""

from __future__ import annotations

from ipfs_accel_pipeline.cli.progress import TerminalProgress


class MigrationProgress(TerminalProgress):
    """The bar counts files; an archive is one of them until its members are known."""

    def __init__(self, quiet: bool) -> None:
        super().__init__(quiet)
        self._entries = 0
        self._files_read = 0

    def found(self, entries: int) -> None:
        self._entries = entries
        self._begin(f"reading {entries} files", entries)

    def read(self, files: int) -> None:
        self._files_read += files
        if self._task is not None:
            self._bar.update(self._task, advance=files, total=max(self._entries, self._files_read))

    def warn(self, message: str) -> None:
        if not self._quiet:  # the report says it too
            super().warn(message)
