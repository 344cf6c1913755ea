"""A prepared model on disk, as those who measure it see it: artefacts, outcomes, parity cases.

A bundle is the folder `<store>/<model slug>/<digest>/`. Each artefact is a folder in it with an outcome file beside it;
a failed artefact has only the outcome. Making them is `export`; this module reads, and imports no runtime.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.spec import InputSpec
from ipfs_accel_pipeline.models.store import (
    QUANTIZED,
    QUANTIZER,
    artefact_lock,
    bundle_folder,
    library_versions,
    write_json,
)

__all__ = [
    "ARTEFACTS",
    "ArtefactOutcome",
    "Attempt",
    "Bundle",
    "ParityCase",
    "artefact_outcome",
    "bundle_folder",
    "open_bundle",
    "record_failure",
]

ARTEFACTS = (
    "reference",
    "onnx",
    "openvino",
    "onnx_int8",
    "openvino_int8",
    "onnx_qdq_int8",
    "onnx_qdq_int8_a16",
    "onnx_decoder",
    "openvino_decoder",
)
OK = "ok"
# The same inputs fail the same way again; a crash, a time-out or full memory may not.
_DETERMINISTIC_FAILURES = ("unsupported", "error")
_FILES = {
    "reference": "model",  # a folder that from_pretrained reads
    "onnx": "model.onnx",
    "onnx_int8": "model.onnx",
    "onnx_qdq_int8": "model.onnx",
    "onnx_qdq_int8_a16": "model.onnx",
    "onnx_decoder": "model.onnx",
    "openvino": "model.xml",
    "openvino_int8": "model.xml",
    "openvino_decoder": "model.xml",
}


@dataclass(frozen=True)
class Attempt:
    """One export path that was tried; `error` is None for the one that was taken."""

    exporter: str
    error: str | None
    seconds: float


@dataclass(frozen=True)
class ArtefactOutcome:
    """How making one artefact ended. Kept beside it for ever, or until the bundle's key changes."""

    artefact: str
    status: str  # ok | unsupported | error | crashed | timeout | out_of_memory
    error: str | None = None
    exporter: str | None = None  # the export path that was taken
    attempts: tuple[Attempt, ...] = ()
    seconds: float | None = None
    versions: dict[str, str | None] = field(default_factory=dict)
    retry: bool = False  # a library was missing, or a child did not come to record anything and its parent does
    details: dict[str, Any] = field(default_factory=dict)  # agreement with the reference at each shape, and the like
    files: dict[str, int] = field(default_factory=dict)  # bytes of each file of the artefact, to notice a damaged one

    @property
    def ok(self) -> bool:
        return self.status == OK

    @property
    def is_final(self) -> bool:
        """Whether it is reused rather than tried again."""
        if self.artefact == QUANTIZED and self.versions.get(QUANTIZER) != library_versions()[QUANTIZER]:
            return False
        return self.ok or (self.status in _DETERMINISTIC_FAILURES and not self.retry)

    def to_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self), "attempts": [asdict(attempt) for attempt in self.attempts]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ArtefactOutcome:
        known = {key: value for key, value in data.items() if key != "ok"}
        return cls(**{**known, "attempts": tuple(Attempt(**attempt) for attempt in data["attempts"])})


@dataclass(frozen=True)
class ParityCase:
    """Inputs at one shape, and what the fp32 reference answers to them."""

    batch_size: int
    sequence_length: int | None
    inputs: dict[str, np.ndarray]
    reference: dict[str, np.ndarray]


def artefact_outcome(folder: Path, artefact: str) -> ArtefactOutcome | None:
    """None if it was never tried, or if its files are damaged or gone."""
    try:
        outcome = ArtefactOutcome.from_json(json.loads((folder / f"{artefact}.json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):  # the last four: not what we write
        return None
    return outcome if not outcome.ok or _is_whole(folder / artefact, outcome.files) else None


def write_outcome(folder: Path, outcome: ArtefactOutcome) -> None:
    write_json(folder / f"{outcome.artefact}.json", outcome.to_json())


def record_failure(folder: Path, artefact: str, status: str, reason: str) -> None:
    """For the parent of a child that left no outcome: it died, or met what is no result of the model (a full disk).

    Such a failure is tried again at the next run, and never hides an artefact that is complete.
    """
    with artefact_lock(folder, artefact):
        known = artefact_outcome(folder, artefact)
        if known is None or not known.is_final:
            write_outcome(folder, ArtefactOutcome(artefact, status, reason, versions=library_versions(), retry=True))


class Bundle:
    """One prepared model. Opening it reads one small file; arrays are read when asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def input_specs(self) -> tuple[InputSpec, ...]:
        return tuple(InputSpec.from_json(spec) for spec in self._facts["inputs"])

    @property
    def architecture(self) -> str | None:
        """Class name in transformers; None for a user's ONNX or OpenVINO file."""
        return self._facts["architecture"]

    @property
    def writes_text(self) -> bool:
        """Whether transformers would generate with it, and it has logits for each token to choose one by."""
        logits = self.parity_cases()[0].reference.get("logits") if self._facts["writes_text"] else None
        return logits is not None and logits.ndim == 3

    @property
    def weights(self) -> str:
        return str(self._facts["weights"])

    @property
    def weights_digest(self) -> str:
        return str(self._facts["weights_digest"])

    @property
    def parameters(self) -> int | None:
        return self._facts["parameters"]

    @property
    def reference_runtime(self) -> str:
        return str(self._facts["reference_runtime"])

    @property
    def degenerate_outputs(self) -> dict[str, str]:
        """Reference outputs that cannot show a wrong answer, with the reason."""
        return dict(self._facts["degenerate_outputs"])

    @property
    def details(self) -> dict[str, Any]:
        return dict(self._facts["details"])

    def artefact_path(self, artefact: str) -> Path:
        """The file or folder a runtime loads, or Unsupported with the reason why there is none."""
        _require(self.folder, artefact)
        path = self.folder / artefact / _FILES[artefact]
        if not path.exists():  # a user's ONNX file has a reference, but no torch weights
            raise Unsupported(f"there is no torch model: {self._facts['source']} files run on their own runtimes only")
        return path

    def parity_cases(self) -> list[ParityCase]:
        return [self._case(index, shape) for index, shape in enumerate(self._facts["cases"])]

    def output_names(self) -> tuple[str, ...]:
        return tuple(self._facts["outputs"])

    @cached_property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.folder / "reference" / "reference.json").read_text(encoding="utf-8"))
        return facts

    def _case(self, index: int, shape: dict[str, int | None]) -> ParityCase:
        folder = self.folder / "reference"
        inputs, reference = (_load(folder / f"case_{index}_{part}.safetensors") for part in ("inputs", "outputs"))
        return ParityCase(shape["batch_size"] or 1, shape["sequence_length"], inputs, reference)


def open_bundle(folder: Path) -> Bundle:
    """Unsupported, with the recorded reason, if the model could not be prepared at all."""
    _require(folder, "reference")
    return Bundle(folder)


def save_cases(folder: Path, cases: Iterable[ParityCase]) -> list[dict[str, int | None]]:
    """Write the arrays for `Bundle.parity_cases`; returns the shapes that go into reference.json."""
    shapes = []
    for index, case in enumerate(cases):
        _save(folder / f"case_{index}_inputs.safetensors", case.inputs)
        _save(folder / f"case_{index}_outputs.safetensors", case.reference)
        shapes.append({"batch_size": case.batch_size, "sequence_length": case.sequence_length})
    return shapes


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes by relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _is_whole(folder: Path, files: dict[str, int]) -> bool:
    return folder.is_dir() and files.items() <= file_sizes(folder).items()


def _require(folder: Path, artefact: str) -> None:
    outcome = artefact_outcome(folder, artefact)
    if outcome is None:
        raise Unsupported(f"{artefact} of {folder.parent.name} is not prepared; materialize model_bundles first")
    if not outcome.ok:
        raise Unsupported(f"{artefact} could not be made ({outcome.status}): {outcome.error}")


def _load(path: Path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    arrays: dict[str, np.ndarray] = load_file(path)
    return arrays


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import save_file

    # Not ascontiguousarray, which makes a scalar an array of one.
    save_file({name: np.asarray(value, order="C") for name, value in arrays.items()}, path)
