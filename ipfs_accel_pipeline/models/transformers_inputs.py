"""Input specifications of a built transformers model: forward signature, main input, modalities and sub-configs.

One small function per kind of input, and a table of hooks for what no config tells. Imports no runtime: it only reads
the attributes of the model it is given.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ipfs_accel_pipeline.errors import Unsupported
from ipfs_accel_pipeline.models.configurations import text_config
from ipfs_accel_pipeline.models.spec import BATCH, SEQUENCE, InputSpec

# Decoder tokens of an encoder-decoder in one forward pass: fixed, so that the sequence length means the encoder's.
DECODER_TOKENS = 8
AUDIO_SAMPLES = 16000  # one second at 16 kHz
_AUDIO_FRAMES = 100  # one second of 10 ms frames
_CLAP_FRAMES = 1001  # ten seconds, what CLAP's feature extractor always pads to
_FIRST_ORDINARY_ID = 5  # below lie padding, start and end tokens, which change what a model does
_LAST_ID = 30000
_DEFAULT_VOCABULARY = 1000

Specs = dict[str, InputSpec]


def input_specs(model: Any) -> tuple[InputSpec, ...]:
    """What `model.forward` must be given, or Unsupported with the input that cannot be made."""
    wanted = inspect.signature(model.forward).parameters
    specs: Specs = {}
    for part in (_text, _image, _video, _features, _waveform, _time_series, _decoder):
        specs.update(part(model, wanted))
    hook = _HOOKS.get(model.config.model_type)
    if hook:
        hook(model, specs)
    if _main_input(model) not in specs:
        raise Unsupported(f"no inputs can be generated for {type(model).__name__}: unknown input {_main_input(model)}")
    return tuple(specs.values())


def _text(model: Any, wanted: Any) -> Specs:
    if "input_ids" not in wanted or not _takes_text(model):
        return {}
    low, high = _ids(_vocabulary(model.config))
    maximum = _longest_sequence(model)
    row = (BATCH, SEQUENCE)
    specs = {"input_ids": InputSpec("input_ids", "int64", row, "integers", low, high, maximum)}
    if "attention_mask" in wanted:
        specs["attention_mask"] = InputSpec("attention_mask", "int64", row, "ones", maximum=maximum)
    if "bbox" in wanted:
        specs["bbox"] = InputSpec("bbox", "int64", (*row, 4), "boxes", maximum=maximum)
    return specs


def _takes_text(model: Any) -> bool:
    main, modalities = _main_input(model), _modalities(model)
    return "text" in modalities and main != "input_features" and (main == "input_ids" or len(modalities) > 1)


def _image(model: Any, wanted: Any) -> Specs:
    if "pixel_values" not in wanted or not ("image" in _modalities(model) or _main_input(model) == "pixel_values"):
        return {}
    config = model.config
    vision = _sub_config(config, "vision_config", "image_encoder", "encoder")
    height, width = _image_size(vision, config)
    channels = getattr(vision, "num_channels", None) or getattr(config, "num_channels", None) or 3
    shape = (BATCH, channels, height, width)
    specs = {"pixel_values": InputSpec("pixel_values", "float32", shape, "uniform", -1.0, 1.0)}
    if "pixel_mask" in wanted:
        specs["pixel_mask"] = InputSpec("pixel_mask", "int64", (BATCH, height, width), "ones")
    return specs


def _video(model: Any, wanted: Any) -> Specs:
    name = "pixel_values_videos"
    if name not in wanted or _main_input(model) != name:
        return {}
    config = model.config
    height, width = _image_size(config, config)
    frames = getattr(config, "num_frames", None) or getattr(config, "frames_per_clip", None) or 16
    return {name: InputSpec(name, "float32", (BATCH, frames, 3, height, width), "uniform", -1.0, 1.0)}


def _features(model: Any, wanted: Any) -> Specs:
    """Spectrograms."""
    name = "input_features"
    if name not in wanted or not ("audio" in _modalities(model) or _main_input(model) == name):
        return {}
    config = model.config
    audio = _sub_config(config, "audio_config")
    mels = getattr(audio, "num_mel_bins", None) or getattr(config, "num_mel_bins", 80)
    if getattr(config, "max_source_positions", None) and config.is_encoder_decoder:
        sizes: tuple[Any, ...] = (mels, 2 * config.max_source_positions)  # whisper halves the frames
    elif getattr(audio, "spec_size", None):
        sizes = (1, _CLAP_FRAMES, mels)
    else:
        size = getattr(config, "feature_size", None) or getattr(config, "input_feat_per_channel", mels)
        sizes = (_AUDIO_FRAMES, size)
    return {name: InputSpec(name, "float32", (BATCH, *sizes), "normal")}


def _waveform(model: Any, wanted: Any) -> Specs:
    name = "input_values"
    if name not in wanted or _main_input(model) != name:
        return {}
    config = model.config
    is_spectrogram = getattr(config, "patch_size", None) and getattr(config, "max_length", None)
    shape = (BATCH, config.max_length, config.num_mel_bins) if is_spectrogram else (BATCH, AUDIO_SAMPLES)
    return {name: InputSpec(name, "float32", shape, "normal")}


def _time_series(model: Any, wanted: Any) -> Specs:
    name = "past_values"
    if name not in wanted or _main_input(model) != name or not hasattr(model.config, "context_length"):
        return {}
    channels = getattr(model.config, "num_input_channels", None) or 1
    return {name: InputSpec(name, "float32", (BATCH, model.config.context_length, channels), "normal")}


def _decoder(model: Any, wanted: Any) -> Specs:
    if "decoder_input_ids" not in wanted or not getattr(model.config, "is_encoder_decoder", False):
        return {}
    vocabulary = getattr(_sub_config(model.config, "decoder"), "vocab_size", None) or _vocabulary(model.config)
    return _decoder_ids(vocabulary)


def _decoder_ids(vocabulary: int) -> Specs:
    low, high = _ids(vocabulary)
    return {
        "decoder_input_ids": InputSpec("decoder_input_ids", "int64", (BATCH, DECODER_TOKENS), "integers", low, high)
    }


# What no config tells, by model_type.


def _sam(model: Any, specs: Specs) -> None:
    """One prompt of two points per image; SAM has no text although its signature allows it."""
    specs.pop("input_ids", None)
    specs.pop("attention_mask", None)
    size = float(specs["pixel_values"].shape[-1])
    specs["input_points"] = InputSpec("input_points", "float32", (BATCH, 1, 2, 2), "uniform", 0.0, size)
    specs["input_labels"] = InputSpec("input_labels", "int64", (BATCH, 1, 2), "ones")


def _idefics3(model: Any, specs: Specs) -> None:
    """One image per item, whose tokens stand before the text."""
    config = model.config
    vision = config.vision_config
    tokens = (vision.image_size // vision.patch_size) ** 2 // config.scale_factor**2
    channels, height, width = specs.pop("pixel_values").shape[1:]
    specs.pop("pixel_mask", None)
    specs["pixel_values"] = InputSpec(
        "pixel_values", "float32", (BATCH, 1, channels, height, width), "uniform", -1.0, 1.0
    )
    for name, value in (("input_ids", config.image_token_id), ("attention_mask", 1)):
        specs[name] = _with_prefix(specs[name], value, tokens)


def _with_prefix(spec: InputSpec, value: int, count: int) -> InputSpec:
    maximum = spec.maximum - count if spec.maximum else None
    return InputSpec(spec.name, spec.dtype, spec.shape, spec.kind, spec.low, spec.high, maximum, (value, count))


def _blip(model: Any, specs: Specs) -> None:
    if type(model).__name__.endswith("QuestionAnswering"):  # the answer's decoder; the config does not say it is there
        specs.update(_decoder_ids(_vocabulary(model.config)))


_HOOKS: dict[str, Callable[[Any, Specs], None]] = {"sam": _sam, "idefics3": _idefics3, "blip": _blip}


# Reading configs.


def _main_input(model: Any) -> str:
    name = model.main_input_name
    return name if isinstance(name, str) else name[0]


def _modalities(model: Any) -> set[str]:
    modalities = model.input_modalities
    return {modalities} if isinstance(modalities, str) else set(modalities)


def _sub_config(config: Any, *names: str) -> Any:
    """The first sub-config that exists, else the config itself."""
    found = (getattr(config, name, None) for name in names)
    return next((sub for sub in found if hasattr(sub, "to_dict")), config)


def _vocabulary(config: Any) -> int:
    found = getattr(text_config(config), "vocab_size", None) or getattr(config, "vocab_size", None)
    return int(found or _DEFAULT_VOCABULARY)


def _ids(vocabulary: int) -> tuple[float, float]:
    return float(min(_FIRST_ORDINARY_ID, vocabulary - 1)), float(min(vocabulary, _LAST_ID))


def _image_size(vision: Any, config: Any) -> tuple[int, int]:
    size = getattr(vision, "image_size", None) or getattr(config, "image_size", None) or 224
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _longest_sequence(model: Any) -> int | None:
    """Positions that the text part has; None for relative positions."""
    positions = getattr(text_config(model.config), "max_position_embeddings", None)
    if not positions or positions < 0:
        return None
    return int(positions) - _positions_before_the_first_token(model)


def _positions_before_the_first_token(model: Any) -> int:
    """RoBERTa and its relatives start counting positions after the padding index: 514 positions take 512 tokens."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return int(module.padding_idx) + 1
    return 0
