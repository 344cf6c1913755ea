"""What kind of model a transformers class is, read from its signature: nothing here knows a model by name."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

# What an input's name says about the model that takes it.
_MODALITY_OF_INPUT = {
    "pixel_values": "image",
    "pixel_values_videos": "image",
    "input_features": "audio",
    "input_values": "audio",
    "input_ids": "text",
}
_TASK_OF_SUFFIX = {
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForSemanticSegmentation": "image-segmentation",
    "ForDepthEstimation": "depth-estimation",
    "ForAudioClassification": "audio-classification",
    "ForCTC": "automatic-speech-recognition",
}
_TASK_OF_GENERATION = {
    "text": "text2text-generation",
    "image+text": "image-text-to-text",
    "audio": "automatic-speech-recognition",
}


def modality_of(input_names: Iterable[str]) -> str:
    """`image+text` for inputs named pixel_values and input_ids; `unknown` when no name tells."""
    found = {_MODALITY_OF_INPUT[name] for name in input_names if name in _MODALITY_OF_INPUT}
    return "+".join(sorted(found)) or "unknown"


def modality_of_class(model_class: Any) -> str:
    # Not `input_modalities`: Gemma3ForCausalLM and SamModel claim one that their forward does not take.
    return modality_of(inspect.signature(model_class.forward).parameters)


def model_type_of(model_class: Any, config: Any) -> str:
    """The word of `models.model_type`."""
    modality = modality_of_class(model_class)
    if "+" in modality:
        return "multimodal"
    if modality != "text":
        return {"image": "vision", "audio": "audio"}.get(modality, "custom")
    if getattr(config, "is_encoder_decoder", False):
        return "text_encoder_decoder"
    return "text_decoder" if _is_decoder(model_class, config) else "text_encoder"


def task_of(model_class: Any) -> str | None:
    """By the ending of the class name, as transformers itself does it; None where no ending tells."""
    name = model_class.__name__
    if name.endswith("ForConditionalGeneration"):
        return _TASK_OF_GENERATION.get(modality_of_class(model_class))
    found = (task for suffix, task in _TASK_OF_SUFFIX.items() if name.endswith(suffix))
    return next(found, "feature-extraction" if name.endswith("Model") else None)


def _is_decoder(model_class: Any, config: Any) -> bool:
    """Generates, or is the headless body of a family that only generates (GPT2Model)."""
    from transformers.models.auto import modeling_auto

    if model_class.can_generate():
        return True
    generates = config.model_type in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    return generates and config.model_type not in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
