"""AI Hub as an endpoint: what it can be asked for. Its jobs are run by `benchmark.hub_campaign`, all at once.

A session in a child process per case would wait for the hub one model at a time, and pay again if it died.
"""

from __future__ import annotations

from ipfs_accel_pipeline.backends.interface import Session
from ipfs_accel_pipeline.backends.library import imported_version
from ipfs_accel_pipeline.backends.qualcomm.artefacts import ARTEFACTS, artefact
from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.bundles import Bundle

ENDPOINT = "aihub"


class AiHubBackend:
    name = ENDPOINT
    preload: tuple[str, ...] = ()

    def version(self) -> str | None:
        return imported_version("qai_hub")

    def artefact(self, precision: str) -> str:
        return artefact(self.name, precision)

    def precisions(self, device: str) -> tuple[str, ...]:
        return tuple(ARTEFACTS)

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> Session:
        raise Unsupported("never: AI Hub runs jobs, not sessions; they are submitted together by the hub campaign")
