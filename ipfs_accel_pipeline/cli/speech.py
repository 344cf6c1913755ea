"""What is said to a person who may have stopped listening (`ipfs-accel run ... | head`): work goes on in silence."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click
from rich.console import Console


def say(text: str, *, err: bool = False) -> None:
    """To standard output or standard error, or to nobody."""
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        _silence(sys.stderr if err else sys.stdout)


class PatientConsole(Console):
    """Rich ends the process when its pipe was closed; a measurement must not end with its reader."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _silence(self.file)  # type: ignore[arg-type]


def _silence(stream: TextIO) -> None:
    """Whatever is still buffered, and whatever else writes there, meets no closed pipe again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
