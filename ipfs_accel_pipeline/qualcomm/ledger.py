"""The jobs that were submitted and whose results are not kept yet, on disk: a killed run polls on and pays once.

One small file per case, named by everything that its jobs depend on; gone once the observation is in the journal.
Uploaded models are remembered too, so that twelve devices share one upload.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ipfs_accel_pipeline.models.store import write_json


@dataclass(frozen=True)
class Entry:
    """What was submitted for one case so far."""

    key: str
    submitted_at: str | None = None  # UTC, ISO
    compile_job: str | None = None
    inference_job: str | None = None


class Ledger:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, hardware_ids: list[str], on_wait: Callable[[str], None]) -> Iterator[None]:
        """Nobody else works on these devices' jobs: two runs that adopt one job would store its samples twice."""
        with ExitStack() as stack:
            for hardware_id in sorted(hardware_ids):
                self._folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(self._folder / f"{hardware_id}.lock")
                try:
                    stack.enter_context(lock.acquire(timeout=0))
                except Timeout:
                    on_wait(f"Another run waits for AI Hub's jobs on {hardware_id}; waiting for it.")
                    stack.enter_context(lock.acquire())
            yield

    def find(self, key: str) -> Entry:
        """The entry of an earlier attempt, or a new one."""
        try:
            return Entry(**json.loads(self._path(key).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Entry(key)

    def save(self, entry: Entry) -> Entry:
        """To be called as soon as the hub has answered: what is not written down is paid for again."""
        entry = replace(entry, submitted_at=entry.submitted_at or datetime.now(UTC).isoformat())
        self._write(self._path(entry.key), asdict(entry))
        return entry

    def remove(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def uploaded(self, key: str) -> str | None:
        """Id of a model that was uploaded before."""
        try:
            return str(json.loads(self._upload_path(key).read_text(encoding="utf-8"))["model_id"])
        except FileNotFoundError:
            return None

    def remember_upload(self, key: str, model_id: str) -> None:
        self._write(self._upload_path(key), {"model_id": model_id, "uploaded_at": datetime.now(UTC).isoformat()})

    def forget_upload(self, key: str) -> None:
        self._upload_path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _upload_path(self, key: str) -> Path:
        return self._folder / "uploads" / f"{key}.json"

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, data)


def ledger_key(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]
