"""Hands each request its own desk: one connection to the newest snapshot, for as long as the request takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from ipfs_accel_pipeline.dashboard.screens.screen import PAGE_ROWS, Desk
from ipfs_accel_pipeline.storage.prepared import PreparedSnapshot


@dataclass(frozen=True)
class Office:
    """What all requests of one dashboard share."""

    snapshot: PreparedSnapshot
    shards: Path
    dagster_url: str

    @contextmanager
    def desk(self, most_rows: int = PAGE_ROWS) -> Iterator[Desk]:
        with self.snapshot.reading() as connection:
            yield Desk(connection, self.shards, self.dagster_url, most_rows)


@contextmanager
def desk_of(request: Request, most_rows: int = PAGE_ROWS) -> Iterator[Desk]:
    office: Office = request.app.state.office
    with office.desk(most_rows) as desk:
        yield desk
