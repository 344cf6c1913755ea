"""How a command ends: exit codes, and our own errors as one message instead of a traceback."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

from ipfs_accel_pipeline.errors import PipelineError

SOME_FAILED = 1  # of the benchmarks of a run
FOUND_WORSE = 1  # the same: a question was answered, and the answer is bad news
WRONG_USE = 2
STOPPED = 130  # as shells report SIGINT
TERMINATED = 143  # and SIGTERM


class _Terminated(KeyboardInterrupt):
    """SIGTERM is answered as Ctrl-C is: temporary files are removed, and something is said."""


@contextmanager
def sigterm_stops() -> Iterator[None]:
    """A service manager or container that ends a run sends SIGTERM, by which Python dies without a word."""

    def stop(number: int, frame: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():  # no other may arrange it
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def clear_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Our own errors are messages for the user; anything else is a defect and keeps its traceback."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except PipelineError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(WRONG_USE)
        except KeyboardInterrupt as stop:
            click.echo("Stopped. What was measured is kept; the next run loads it.", err=True)
            sys.exit(TERMINATED if isinstance(stop, _Terminated) else STOPPED)

    return run
