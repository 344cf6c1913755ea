"""Which run is this? The same answer in a step, its retries and its re-execution from failure."""

import socket
from typing import Any

HOST_TAG = "bench/host"


def root_run_id(context: Any) -> str:
    """The first run of a chain of re-executions; its id is the `run_id` of every row."""
    run = context.run
    return run.root_run_id or run.run_id


def host_tags() -> dict[str, str]:
    """Runs with this tag exclude each other on one host (see dagster.yaml)."""
    return {HOST_TAG: socket.gethostname()}
