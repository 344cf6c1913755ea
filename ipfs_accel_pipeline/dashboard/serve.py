"""Starts the dashboard's server and says where it is."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from ipfs_accel_pipeline.dashboard.app import create_app
from ipfs_accel_pipeline.dashboard.security import is_loopback
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.settings import Settings


def serve(
    settings: Settings, *, host: str, port: int, token: str | None, dagster_url: str, say: Callable[[str], None]
) -> None:
    """Blocks until stopped. UsageError if nobody can listen there, before anything is said."""
    listening = _listen(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    say(f"Dashboard: {address}{f'?token={token}' if token else ''} (snapshot: {settings.snapshot}; stop with Ctrl-C)")
    if token is None and not is_loopback(host):
        say(f"Whoever reaches {host} can read all results: use --token to ask for one.")
    app = create_app(settings, host=host, token=token, dagster_url=dagster_url)
    with listening, suppress(KeyboardInterrupt):  # to be stopped is its only end
        uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False)).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} of {host} is taken. Choose another one: --port {port % 65535 + 1}"
            ) from error
        raise UsageError(f"Cannot listen on {host}, port {port}: {error.strerror}. See --host and --port.") from error
