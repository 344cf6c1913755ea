"""The ways from a torch model that writes text to graphs that do: one step of its decoder, and for an encoder-decoder
a graph that reads the prompt.

The step of a decoder takes any number of new tokens: with an empty cache it reads a prompt, later it is told token by
token. The ONNX graph is given the cache and returns the grown one; the OpenVINO model keeps it as its state. The step
of an encoder-decoder takes one token; its first cache comes from the graph that reads the prompt.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.attempts import ExportPath
from ipfs_accel_pipeline.models.generation import ENCODER_CACHE, PROMPT, STATE_AFTER, TARGETS, TOKENS
from ipfs_accel_pipeline.models.onnx_files import graph_signature
from ipfs_accel_pipeline.models.quiet import silent
from ipfs_accel_pipeline.models.torch_exports import LoadModel, Specs, dynamic_shapes, example_inputs, save_openvino

_TEXT_INPUTS = {"input_ids", "attention_mask"}
_TRACED_TOKENS = 4  # the exporter watches a real generation to learn what a step is given


def onnx_decoder_paths(load: LoadModel, specs: Specs) -> list[ExportPath]:
    write = _onnx_pair if _has_encoder(specs) else _onnx_decoder
    return [ExportPath("transformers.OnnxExporter, decode step", lambda target: write(load(), specs, target))]


def openvino_decoder_paths(load: LoadModel, specs: Specs) -> list[ExportPath]:
    write = _openvino_pair if _has_encoder(specs) else _openvino_decoder
    return [ExportPath("transformers.OpenVINOExporter, decode step", lambda target: write(load(), specs, target))]


def require_exportable_decoder(specs: Specs) -> None:
    """Unsupported for a decoder without encoder that reads more than text before it writes."""
    others = sorted({spec.name for spec in specs} - _TEXT_INPUTS)
    if others and not _has_encoder(specs):
        raise Unsupported(
            f"not implemented: of the models without an encoder of their own only those that read text alone are "
            f"exported for generation, and this one also takes {', '.join(others)}"
        )


def _has_encoder(specs: Specs) -> bool:
    return any(spec.name == TARGETS for spec in specs)


def _onnx_decoder(model: Any, specs: Specs, target: Path) -> None:
    _save_onnx(*_step(model, specs), {}, target / "model.onnx")
    shapes = {one.name: one.shape for one in graph_signature(target / "model.onnx").inputs}
    _require_any_length(not isinstance(shapes[TOKENS][1], int), type(model).__name__)


def _openvino_decoder(model: Any, specs: Specs, target: Path) -> None:
    graph = _openvino(*_step(model, specs), {}, stateful=True)
    _require_any_length(graph.input(TOKENS).get_partial_shape()[1].is_dynamic, type(model).__name__)
    save_openvino(graph, target / "model.xml")


def _require_any_length(is_free: bool, architecture: str) -> None:
    """A step that takes so many tokens and no other can read no prompt."""
    if not is_free:
        raise Unsupported(f"not yet: the exporter fixes the number of tokens that a step of {architecture} takes")


def _onnx_pair(model: Any, specs: Specs, target: Path) -> None:
    step = _step(model, specs)
    _save_onnx(model, *_prompt(specs), target / f"{PROMPT}.onnx")
    _save_onnx(*step, {}, target / "model.onnx")


def _openvino_pair(model: Any, specs: Specs, target: Path) -> None:
    step = _step(model, specs)
    save_openvino(_openvino(model, *_prompt(specs), stateful=False), target / f"{PROMPT}.xml")
    # As state, the encoder's part of the cache would keep the length that it was traced with.
    graph = _openvino(*step, {}, stateful=False)
    for result in graph.get_results():
        if any(name.startswith(STATE_AFTER) and ENCODER_CACHE in name for name in result.output(0).get_names()):
            graph.remove_result(result)  # unchanged, and every step would copy it
    save_openvino(graph, target / "model.xml")


def _save_onnx(model: Any, inputs: dict[str, Any], shapes: dict[str, Any], path: Path) -> None:
    from transformers.exporters import OnnxConfig, OnnxExporter

    with silent():
        exported = OnnxExporter().export(model, inputs, OnnxConfig(dynamic=True, dynamic_shapes=shapes or None))
        OnnxExporter.save_program(exported.program, path)


def _openvino(model: Any, inputs: dict[str, Any], shapes: dict[str, Any], stateful: bool) -> Any:
    from transformers.exporters import OpenVINOConfig, OpenVINOExporter

    with silent():
        config = OpenVINOConfig(dynamic=True, dynamic_shapes=shapes or None, stateful=stateful)
        return OpenVINOExporter().export(model, inputs, config).program


def _step(model: Any, specs: Specs) -> tuple[Any, dict[str, Any]]:
    """The decoder and what one step of it is given; of a prompt it returns the last token's logits only."""
    from transformers import GenerationConfig
    from transformers.exporters.utils import decompose_prefill_decode

    _keep_cache(model)
    start = getattr(model.config, "decoder_start_token_id", None)
    greedy = GenerationConfig(
        max_new_tokens=_TRACED_TOKENS,
        min_new_tokens=_TRACED_TOKENS,
        do_sample=False,
        use_cache=True,
        pad_token_id=0,
        decoder_start_token_id=0 if start is None else start,
    )
    with silent():
        stages = decompose_prefill_decode(
            model, example_inputs(specs), generation_config=greedy, multi_token_decode=True
        )
    step, inputs = stages["decode"]
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        inputs = {**inputs, "logits_to_keep": 1}
    return step, inputs


def _keep_cache(model: Any) -> None:
    """A decoder may have its own configuration, and exporters drop `use_cache` from what a model is called with."""
    for part in (model, model.get_decoder()):
        part.config.use_cache = True


def _prompt(specs: Specs) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the graph that reads the prompt is traced with, and the axes: of the decoder's tokens too."""
    import torch

    auto = torch.export.Dim.AUTO
    shapes = {**dynamic_shapes(specs), TARGETS: {0: auto, 1: auto}}
    return example_inputs(specs), shapes
