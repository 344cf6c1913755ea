"""The shard store: every raw observation ever made, one immutable file per hardware and run.

The database can be rebuilt from it at any time. Knows files only, no DuckDB.

    <root>/<hardware_id>/<utc time>-<run_id>-<digest>.jsonl.gz   sealed
    <root>/<hardware_id>/<run_id>.journal                        being written, or left behind by a killed run
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from filelock import FileLock, Timeout

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.storage.failures import as_storage_errors
from ipfs_accel_pipeline.storage.journals import JOURNAL_SUFFIX, Journal
from ipfs_accel_pipeline.storage.shard_files import (
    SHARD_SUFFIX,
    Header,
    Shard,
    ShardInfo,
    digest_of,
    info_of,
    safe_name,
    understood,
)

__all__ = ["Header", "Journal", "Shard", "ShardInfo", "ShardStore"]


class ShardStore:
    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def journal(self, hardware_id: str, run_id: str, header: dict[str, Any] | None = None) -> Journal:
        """The journal of this run on this hardware; a later attempt of the same run continues it.

        `header` is kept with the observations; a journal that is continued keeps its first one.
        """
        path = self.root / safe_name(hardware_id) / f"{safe_name(run_id)}{JOURNAL_SUFFIX}"
        return Journal(path, Header(hardware_id, run_id, datetime.now(UTC), header or {}))

    def shards(self, hardware_id: str | None = None) -> list[ShardInfo]:
        """All sealed shards, oldest first. Damaged ones are listed too: reading them says what is wrong."""
        folder = "*" if hardware_id is None else safe_name(hardware_id)
        found = [info_of(path) for path in self.root.glob(f"{folder}/*{SHARD_SUFFIX}")]
        return sorted((info for info in found if info), key=lambda info: (info.started_at, info.path.name))

    def unloaded(self, loaded_shard_ids: Iterable[str], hardware_id: str | None = None) -> list[ShardInfo]:
        """Shards of which the database knows nothing yet, oldest first."""
        known = {shard_id[:12] for shard_id in loaded_shard_ids}
        return [info for info in self.shards(hardware_id) if info.digest not in known]

    def read(self, shard: ShardInfo | Path) -> Shard:
        """The shard, or StorageError naming the file if it is not what was sealed."""
        path = shard.path if isinstance(shard, ShardInfo) else Path(shard)
        lines = _decompressed(path)
        shard_id = digest_of(lines)
        info = info_of(path)
        if info is None or not shard_id.startswith(info.digest) or not info.digest:
            raise StorageError(
                f"The shard {path} is damaged: its content does not match the digest in its name. "
                "Restore it from a backup, or move it out of the shard store."
            )
        content = understood(lines, path)
        return Shard(shard_id, path, content.header, tuple(content.observations), tuple(content.notes))

    def abandoned(self, idle_s: float = 0) -> list[Path]:
        """Journals that no living process writes and that were not touched for `idle_s` seconds.

        A run that will be tried again leaves its journal too: give it time before recovering it.
        """
        journals = sorted(self.root.glob(f"*/*{JOURNAL_SUFFIX}"))
        return [path for path in journals if time.time() - path.stat().st_mtime >= idle_s and not _is_held(path)]

    def recover(self, journal: Path) -> Shard | None:
        """Seals an abandoned journal, so that what a killed run had measured is kept.

        None, and the journal is removed, where it holds nothing: also when another process was quicker.
        """
        hardware_id, run_id = unquote(journal.parent.name), unquote(journal.name.removesuffix(JOURNAL_SUFFIX))
        with Journal(journal, Header(hardware_id, run_id, datetime.now(UTC))) as opened:
            if opened.observations():
                return opened.seal()
            opened.discard()
            return None


def _is_held(journal: Path) -> bool:
    try:
        with FileLock(journal.with_name(journal.name + ".lock"), timeout=0):
            return False
    except Timeout:
        return True


def _decompressed(path: Path) -> bytes:
    with as_storage_errors(f"Cannot read the shard {path}"):
        content = path.read_bytes()
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise StorageError(
            f"The shard {path} is damaged: {error}. Restore it from a backup, or move it out of the shard store."
        ) from error
