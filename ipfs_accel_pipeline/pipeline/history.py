"""What follows from the whole history, brought up to date after each run."""

from __future__ import annotations

from ipfs_accel_pipeline.pipeline.changes import refresh_changes
from ipfs_accel_pipeline.pipeline.recommending import refresh_recommendations
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database


def refresh_history(settings: Settings) -> None:
    with open_database(settings.database) as connection:
        refresh_changes(connection)
        refresh_recommendations(connection)
