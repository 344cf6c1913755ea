"""Which run is this, and on which host? The first has one answer in a step, its retries and its re-execution."""

import re
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


def host_pool() -> str:
    """The pool of this host's measuring steps: also a run that carries no tags takes its turn (see dagster.yaml)."""
    return "benchmark_" + re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
