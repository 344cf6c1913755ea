"""Other programs that want the CPUs while something is measured beside them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def neighbours(count: int, work: Callable[..., Any], *args: Any) -> Iterator[None]:
    """So many processes that do the same work, until the block ends."""
    processes = [multiprocessing.Process(target=work, args=args, daemon=True) for _ in range(count)]
    for one in processes:
        one.start()
    try:
        yield
    finally:
        for one in processes:
            one.kill()
