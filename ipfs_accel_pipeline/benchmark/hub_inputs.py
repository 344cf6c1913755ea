"""What AI Hub is sent: one model file, inputs of one shape, and the answers that the fp32 graph gives to them here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ipfs_accel_pipeline.models.bundles import open_bundle
from ipfs_accel_pipeline.models.graph_runs import onnx_run
from ipfs_accel_pipeline.models.inputs import make_arrays
from ipfs_accel_pipeline.models.names import match_inputs, match_outputs
from ipfs_accel_pipeline.models.onnx_files import external_files, graph_signature

REFERENCE_RUNTIME = "onnxruntime, fp32 export (accepted against the torch reference at two other shapes)"


@dataclass(frozen=True)
class HubInputs:
    """In the graph's order; integers in 32 bits, which is all that the NPU has."""

    arrays: dict[str, np.ndarray]
    reference: dict[str, np.ndarray]


def make_inputs(bundle: Path, artefact: str, batch_size: int, sequence_length: int | None) -> HubInputs:
    """Runs the fp32 graph once: to be called in a process of its own.

    The hub compiles one shape, the one that is timed, so parity is judged at that shape: by the fp32 ONNX graph, which
    was itself accepted against torch.
    """
    prepared = open_bundle(bundle)
    arrays = make_arrays(prepared.input_specs, batch_size, sequence_length)
    reference = match_outputs(prepared.output_names(), onnx_run(prepared.artefact_path("onnx"))(arrays))
    wanted = [one.name for one in graph_signature(prepared.artefact_path(artefact)).inputs]
    fed = match_inputs([[name] for name in wanted], arrays)
    return HubInputs({name: _narrow(arrays[key]) for name, key in zip(wanted, fed, strict=True)}, reference)


@contextmanager
def model_file(bundle: Path, artefact: str) -> Iterator[Path]:
    """The graph; with weights beside it, a folder that holds exactly those two, as the hub wants it."""
    path = open_bundle(bundle).artefact_path(artefact)
    beside = external_files(path)
    if not beside:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.onnx"
        target.mkdir()
        for file in (path, *beside):
            shutil.copyfile(file, target / file.name)
        yield target


def _narrow(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int32) if array.dtype == np.int64 else array
