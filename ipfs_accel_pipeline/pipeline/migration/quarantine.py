"""Copies of what could not be read or nobody knows, so that a person finds them in one place with the reasons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePath

from ipfs_accel_pipeline.records import ImportedFile
from ipfs_accel_pipeline.storage.legacy_json.sources import Source


class Quarantine:
    """The originals stay where they are."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keep(self, source: Source, row: ImportedFile) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"{row.id[:12]}-{PurePath(source.label).name}"
        kept = self._copy(source, target)
        line = {"file": row.path, "copy": target.name if kept else None, "outcome": row.outcome, "reason": row.reason}
        with (self._folder / "reasons.jsonl").open("a", encoding="utf-8") as reasons:
            reasons.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _copy(self, source: Source, target: Path) -> bool:
        """False where there is nothing to copy: a missing file, a member that was not unpacked."""
        if source.data is not None:
            target.write_bytes(source.data)
            return True
        path = source.path or Path(source.label)
        if not path.is_file():
            return False
        shutil.copyfile(path, target)
        return True
