"""For which accelerators the installed torch was built, without paying seconds for its import."""

from __future__ import annotations

import importlib.util
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ImportTorch = Callable[[], Any]


@dataclass(frozen=True)
class TorchBuild:
    """None where torch was built without it."""

    version: str
    cuda: str | None
    hip: str | None


def installed_torch() -> TorchBuild | None:
    """None without torch."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    # torch keeps this file free of imports; `torch.version` is the same values, 3 s later.
    values = runpy.run_path(str(Path(spec.origin).with_name("version.py")))
    return TorchBuild(values["__version__"], values.get("cuda"), values.get("hip"))


def import_torch() -> Any:
    import torch

    return torch
