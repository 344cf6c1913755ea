from __future__ import annotations

import subprocess
import sys

import pytest

from ipfs_accel_pipeline.backends.registry import ENDPOINTS, endpoint_types, load_backend
from ipfs_accel_pipeline.errors import BackendUnavailable, UsageError
from ipfs_accel_pipeline.models.bundles import ARTEFACTS
from ipfs_accel_pipeline.records import PRECISIONS, HardwareType

ALL = [(hardware, endpoint) for hardware, endpoints in ENDPOINTS.items() for endpoint in endpoints]


def test_every_hardware_type_has_a_line():
    assert set(ENDPOINTS) == {str(kind) for kind in HardwareType}


@pytest.mark.parametrize(("hardware_type", "endpoint_type"), ALL)
def test_every_named_backend_exists_and_loads_artefacts_that_are_prepared(hardware_type, endpoint_type):
    backend = load_backend(hardware_type, endpoint_type)
    assert backend.name == endpoint_type
    precisions = backend.precisions("cpu")
    assert set(precisions) <= set(PRECISIONS)
    assert {backend.artefact(precision) for precision in precisions} <= set(ARTEFACTS)


def test_endpoints_are_listed_by_hardware_type():
    assert endpoint_types("CPU") == ["pytorch", "onnxruntime", "wasm"]


def test_an_unknown_hardware_type_is_wrong_use():
    with pytest.raises(UsageError, match="Abacus"):
        endpoint_types("Abacus")


def test_an_endpoint_that_is_not_there_names_those_that_are():
    with pytest.raises(BackendUnavailable, match="pytorch, onnxruntime"):
        load_backend("CPU", "tensorrt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hardware_type", "endpoint_type"), [("CPU", "pytorch"), ("CPU", "onnxruntime"), ("OpenVINO", "openvino")]
)
def test_the_version_is_the_one_that_is_imported(hardware_type, endpoint_type):
    modules = {
        "pytorch": "torch",
        "aihub": "qai_hub",
        **dict.fromkeys(("qnn_local", "qnn_emulator"), "onnxruntime_qnn"),
    }
    module = pytest.importorskip(modules.get(endpoint_type, endpoint_type)).__name__
    version = load_backend(hardware_type, endpoint_type).version()
    assert version == sys.modules[module].__version__


@pytest.mark.slow
def test_listing_and_constructing_backends_imports_no_runtime():
    program = (
        "import sys; from ipfs_accel_pipeline.backends.registry import *;"
        "[load_backend(h, e).precisions('cpu') for h in ENDPOINTS for e in ENDPOINTS[h]];"
        "print([m for m in ('torch', 'transformers', 'onnxruntime', 'openvino', 'onnx') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"
