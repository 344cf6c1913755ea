"""Which run is this, and on which host? The first has one answer in a step, its retries and its re-execution."""

import re
import socket
from typing import Any

from ipfs_accel_pipeline.hardware.qualcomm import HUB_PREFIX

HOST_TAG = "bench/host"
HUB_TAG = "bench/hub"  # both have limits in dagster.yaml


def root_run_id(context: Any) -> str:
    """The first run of a chain of re-executions; its id is the `run_id` of every row."""
    run = context.run
    return run.root_run_id or run.run_id


def export_pool() -> str:
    """The pool of this host's exports: whatever hardware they are for, they are made here, one run after the other."""
    return "exports_" + re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())


def partition_tags(hardware_id: str) -> dict[str, str]:
    """By which the queue tells runs apart: those that compute here exclude each other, those on the hub only poll.

    A run without them takes its turn all the same: measuring takes the host's lock, and only the queue cannot show it.
    """
    if hardware_id.startswith(HUB_PREFIX):
        return {HUB_TAG: "aihub"}
    return {HOST_TAG: socket.gethostname()}
