"""Copies of what could not be read or nobody knows, so that a person finds them in one place with the reasons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePath

from ipfs_accel_pipeline.pipeline.migration.reading import ReadFile


class Quarantine:
    """The originals stay where they are."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keep(self, file: ReadFile) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"{file.sha256[:12]}-{PurePath(file.label).name}"
        kept = self._copy(file, target)
        line = {
            "file": file.label,
            "copy": target.name if kept else None,
            "outcome": file.outcome,
            "reason": file.reason,
        }
        with (self._folder / "reasons.jsonl").open("a", encoding="utf-8") as reasons:
            reasons.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _copy(self, file: ReadFile, target: Path) -> bool:
        """False where there is nothing to copy: a missing file, a member that was not unpacked."""
        if file.data is not None:
            target.write_bytes(file.data)
            return True
        if not Path(file.label).is_file():
            return False
        shutil.copyfile(file.label, target)
        return True
