"""The ways from a torch decoder to graphs that write text: one step of it, which takes any number of new tokens.

With an empty cache the step reads a prompt, later it is told token by token. The ONNX graph is given the cache and
returns the grown one; the OpenVINO model keeps it as its state.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.attempts import ExportPath
from ipfs_accel_pipeline.models.quiet import silent
from ipfs_accel_pipeline.models.spec import InputSpec
from ipfs_accel_pipeline.models.torch_exports import LoadModel, Specs, example_inputs, save_openvino

_TEXT_INPUTS = {"input_ids", "attention_mask"}
_TRACED_TOKENS = 4  # the exporter watches a real generation to learn what a step is given


def onnx_decoder_paths(load: LoadModel, specs: Specs) -> list[ExportPath]:
    return [ExportPath("transformers.OnnxExporter, decode step", lambda target: _onnx(load(), specs, target))]


def openvino_decoder_paths(load: LoadModel, specs: Specs) -> list[ExportPath]:
    return [ExportPath("transformers.OpenVINOExporter, decode step", lambda target: _openvino(load(), specs, target))]


def require_plain_decoder(specs: tuple[InputSpec, ...]) -> None:
    """Unsupported for what reads more than text before it writes."""
    others = sorted({spec.name for spec in specs} - _TEXT_INPUTS)
    if others:
        raise Unsupported(
            f"not implemented: only decoders that read text alone are exported for generation, and this model also "
            f"takes {', '.join(others)}"
        )


def _onnx(model: Any, specs: Specs, target: Path) -> None:
    from transformers.exporters import OnnxConfig, OnnxExporter

    with silent():
        exported = OnnxExporter().export(*_step(model, specs), OnnxConfig(dynamic=True))
        OnnxExporter.save_program(exported.program, target / "model.onnx")


def _openvino(model: Any, specs: Specs, target: Path) -> None:
    from transformers.exporters import OpenVINOConfig, OpenVINOExporter

    with silent():
        exported = OpenVINOExporter().export(*_step(model, specs), OpenVINOConfig(dynamic=True))
        save_openvino(exported.program, target / "model.xml")


def _step(model: Any, specs: Specs) -> tuple[Any, dict[str, Any]]:
    """The decoder and what one step of it is given; of a prompt it returns the last token's logits only."""
    from transformers import GenerationConfig
    from transformers.exporters.utils import decompose_prefill_decode

    model.config.use_cache = True
    greedy = GenerationConfig(
        max_new_tokens=_TRACED_TOKENS, min_new_tokens=_TRACED_TOKENS, do_sample=False, use_cache=True, pad_token_id=0
    )
    stages = decompose_prefill_decode(model, example_inputs(specs), generation_config=greedy, multi_token_decode=True)
    step, inputs = stages["decode"]
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        inputs = {**inputs, "logits_to_keep": 1}
    return step, inputs
