"""Starts the dashboard's server and says where it is."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.dashboard.security import is_loopback
from ipfs_accel_pipeline.settings import Settings


def serve(
    settings: Settings, *, host: str, port: int, token: str | None, dagster_url: str, say: Callable[[str], None]
) -> None:
    """Blocks until stopped."""
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    say(f"Dashboard: {address}{f'?token={token}' if token else ''} (snapshot: {settings.snapshot}; stop with Ctrl-C)")
    if token is None and not is_loopback(host):
        say(f"Whoever reaches {host} can read all results: use --token to ask for one.")
    app = create_app(settings, host=host, token=token, dagster_url=dagster_url)
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
