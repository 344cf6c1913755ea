"""Keeps the libraries' progress bars and warnings out of a child's log, where they would hide the reason of a crash."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator


def quieten_transformers() -> None:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """For exporters and quantizers, which print progress and warn about every operator that they look at."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
