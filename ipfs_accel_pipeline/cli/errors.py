"""How a command ends: exit codes, and our own errors as one message instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from ipfs_accel_pipeline.errors import PipelineError

SOME_FAILED = 1  # of the benchmarks of a run
FOUND_WORSE = 1  # the same: a question was answered, and the answer is bad news
WRONG_USE = 2
STOPPED = 130  # as shells report SIGINT


def clear_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Our own errors are messages for the user; anything else is a defect and keeps its traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except PipelineError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(WRONG_USE)
        except KeyboardInterrupt:
            click.echo("Stopped. What was measured is kept; the next run loads it.", err=True)
            sys.exit(STOPPED)

    return run
