"""What killed runs had measured: their journals become shards, which are loaded like all others."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from ipfs_accel_pipeline.errors import StorageError
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.shards import Shard, ShardStore

COMMAND_LINE_PREFIX = "cli-"  # of the ids of runs that are never continued: the next one has another id
_RETRY_DAYS = 7


def recover_abandoned(
    settings: Settings, on_problem: Callable[[str], None], hardware_id: str | None = None
) -> list[Shard]:
    """Seals them, of one platform or all. A Dagster run is left a week in which it may be executed again."""
    store = ShardStore(settings.shards)
    dead = [path for path in store.abandoned() if path.name.startswith(COMMAND_LINE_PREFIX)]
    shards = []
    for path in sorted({*dead, *store.abandoned(idle_s=_RETRY_DAYS * 86400)}):
        if hardware_id not in (None, unquote(path.parent.name)):
            continue
        try:
            shard = store.recover(path)
        except StorageError as error:  # one damaged journal must not stop every later run
            on_problem(str(error))
            continue
        if shard is not None:
            on_problem(f"Recovered {len(shard.observations)} observations of the unfinished run {shard.header.run_id}.")
            shards.append(shard)
    return shards
