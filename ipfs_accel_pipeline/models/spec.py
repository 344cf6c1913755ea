"""What identifies a model, and what it is fed: plain data that crosses process borders as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

BATCH = "batch"
SEQUENCE = "sequence"


@dataclass(frozen=True)
class ModelSpec:
    """Everything needed to build one model version, offline where the source allows it."""

    model_id: str
    family: str
    model_type: str  # text_encoder | text_decoder | text_encoder_decoder | vision | audio | multimodal | custom
    modality: str  # text | image | audio | image+text | audio+text
    source: str  # catalogue | user_catalogue | hub | folder | onnx | openvino
    task: str | None = None
    architecture: str | None = None  # class name in transformers; None for ONNX and OpenVINO files
    config_class: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)  # keyword arguments of the config class
    parameters: int | None = None  # tied parameters counted once
    parameters_untied: int | None = None  # as published where the paper counts tied tensors twice
    sequence_length: int | None = None  # default tokens per item; None for models without a token axis
    license: str | None = None
    revision: str | None = None  # of the source: a commit sha of the hub, or the note where the numbers come from
    path: str | None = None  # folder, .onnx file or .xml file

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ModelSpec:
        return cls(**data)


@dataclass(frozen=True)
class InputSpec:
    """One input tensor. `shape` mixes fixed sizes with the names "batch" and "sequence"."""

    name: str
    dtype: str  # numpy name: int64, int32, float32, bool
    shape: tuple[int | str, ...]
    kind: str  # integers | normal | uniform | ones | boxes
    low: float = 0.0
    high: float = 1.0
    maximum: int | None = None  # longest sequence the model takes; None where it has no limit
    prefix: tuple[int, int] | None = None  # (value, count) put before the sequence: image tokens of a multimodal prompt

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> InputSpec:
        prefix = data.get("prefix")
        return cls(**{**data, "shape": tuple(data["shape"]), "prefix": tuple(prefix) if prefix else None})
