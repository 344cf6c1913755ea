"""The fallback paths: no healthy model reaches them through `prepare`, so they are walked here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipfs_accel_pipeline.models.agreement import compare
from ipfs_accel_pipeline.models.build import load_saved
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.graph_runs import onnx_run, openvino_run
from ipfs_accel_pipeline.models.names import match_outputs
from ipfs_accel_pipeline.models.torch_exports import onnx_paths, openvino_paths

pytestmark = pytest.mark.slow


def model_of(bundle: Bundle) -> Any:
    return load_saved(bundle.artefact_path("reference"), str(bundle.architecture))


@pytest.mark.parametrize("bundle_name", ["tiny_bert_bundle", "tiny_resnet_bundle"])
@pytest.mark.parametrize("path_index", [1, 2])
def test_each_onnx_fallback_is_right_at_every_shape(request, tmp_path: Path, bundle_name, path_index):
    bundle: Bundle = request.getfixturevalue(bundle_name)
    onnx_paths(lambda: model_of(bundle), bundle.input_specs, bundle.output_names())[path_index].write(tmp_path)
    assert_right(bundle, onnx_run(tmp_path / "model.onnx"))


@pytest.mark.parametrize("bundle_name", ["tiny_bert_bundle", "tiny_resnet_bundle"])
def test_the_openvino_fallback_is_right_at_every_shape(request, tmp_path: Path, bundle_name):
    bundle: Bundle = request.getfixturevalue(bundle_name)
    openvino_paths(lambda: model_of(bundle), bundle.input_specs, bundle.output_names())[1].write(tmp_path)
    assert_right(bundle, openvino_run(tmp_path / "model.xml"))


def assert_right(bundle: Bundle, run: Any) -> None:
    for case in bundle.parity_cases():
        assert compare(case.reference, match_outputs(case.reference, run(case.inputs))).refusal() is None
