"""PyTorch eager: CPU, CUDA, ROCm (which torch names cuda) and MPS."""

from __future__ import annotations

import importlib
import inspect
import time
import warnings
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.library import imported_version, milliseconds_since, require_module, require_precision
from ipfs_accel_pipeline.errors import BackendUnavailable, Unsupported
from ipfs_accel_pipeline.models.build import load_saved, model_class
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.names import as_float32, flatten_outputs, match_outputs

_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "int8": "float32"}
# Below this share of int8 weights the result would be an fp32 one under the name int8.
_MIN_INT8_SHARE = 0.5
_MIB = 1024 * 1024


class PyTorchBackend:
    name = "pytorch"
    # Seconds to import, nothing initialized: CUDA is first touched in the child, so a fork is safe.
    preload: tuple[str, ...] = ("torch", "transformers", "transformers.modeling_utils")

    def version(self) -> str | None:
        version = imported_version("torch")
        if version:
            importlib.import_module("transformers.modeling_utils")  # every model needs it: no part of one's memory
        return version

    def artefact(self, precision: str) -> str:
        return "reference"

    def precisions(self, device: str) -> tuple[str, ...]:
        return tuple(_DTYPES) if device == "cpu" else ("fp32", "bf16", "fp16")

    def generator_artefact(self, precision: str) -> str:
        return "reference"

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> PyTorchSession:
        model, target, load_ms = self._load_model(bundle, device, precision, threads)
        return PyTorchSession(model, target, bundle.output_names(), precision, load_ms)

    def load_generator(self, bundle: Bundle, device: str, precision: str, threads: int) -> PyTorchGenerator:
        model, target, _ = self._load_model(bundle, device, precision, threads)
        return PyTorchGenerator(model, target, precision)

    def _load_model(self, bundle: Bundle, device: str, precision: str, threads: int) -> tuple[Any, Any, float]:
        """The model, its device, and the milliseconds that loading took."""
        require_module("torch", "pip install torch (https://pytorch.org/get-started for the build of your GPU)")
        require_precision(self.name, device, precision, self.precisions(device))
        import torch

        target = _device(device)
        path = bundle.artefact_path("reference")
        torch.set_num_threads(threads)
        _forbid_tf32()
        model_class(str(bundle.architecture))  # importing its module takes seconds that are not the model's
        started = time.perf_counter()
        model = load_saved(path, str(bundle.architecture), _dtype(precision)).to(target)
        if precision == "int8":
            model = _quantize(model)
        _wait_for(target)
        return model, target, milliseconds_since(started)


class PyTorchSession:
    def __init__(self, model: Any, device: Any, output_names: tuple[str, ...], precision: str, load_ms: float) -> None:
        self.load_ms = load_ms
        self.compile_ms: float | None = None  # eager: nothing is compiled
        self.device_proof = _proof(model, device)
        self.actual_device = ",".join(self.device_proof["parameter_devices"])
        self.effective_precision = _effective_precision(model, precision)
        self._model = model
        self._device = device
        self._dtype = _dtype(precision)
        self._output_names = output_names

    def prepare(self, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        return _on_device(arrays, self._device, self._dtype)

    def infer(self, prepared: dict[str, Any]) -> Any:
        import torch

        with torch.inference_mode():
            outputs = self._model(**prepared)
        _wait_for(self._device)
        return outputs

    def arrays(self, outputs: Any) -> dict[str, np.ndarray]:
        tensors = match_outputs(self._output_names, flatten_outputs(outputs))
        self.device_proof["output_devices"] = sorted({str(tensor.device) for tensor in tensors.values()})
        return as_float32({name: tensor.float().cpu().numpy() for name, tensor in tensors.items()})

    def take_device_memory_peak_mb(self) -> float | None:
        if self._device.type != "cuda":
            return None
        import torch

        peak = torch.cuda.max_memory_allocated(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)
        return float(peak / _MIB)

    def close(self) -> None:
        del self._model
        _empty_cache(self._device)


class PyTorchGenerator:
    """Decoders with transformers' own cache, encoder-decoders too: their encoder runs when the prompt is read."""

    def __init__(self, model: Any, device: Any, precision: str) -> None:
        self.device_proof = _proof(model, device)
        self.actual_device = ",".join(self.device_proof["parameter_devices"])
        self.effective_precision = _effective_precision(model, precision)
        self._model = model
        self._device = device
        self._dtype = _dtype(precision)
        # Of a prompt the last token's logits are enough, as transformers' `generate` does it.
        takes_it = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._options: dict[str, Any] = {"use_cache": True, **({"logits_to_keep": 1} if takes_it else {})}
        self._state: dict[str, Any] = {}
        self._last: Any = None

    def prepare(self, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
        return _on_device(arrays, self._device, self._dtype)

    def read(self, prompt: dict[str, Any]) -> np.ndarray:
        self._state = {"attention_mask": prompt["attention_mask"]} if "attention_mask" in prompt else {}
        if not self._model.config.is_encoder_decoder:
            return self._run(prompt)
        self._state["encoder_outputs"] = self._encode(prompt)
        return self._run({"decoder_input_ids": prompt["decoder_input_ids"], **self._state})

    def write(self, tokens: np.ndarray) -> np.ndarray:
        import torch

        ids = torch.from_numpy(tokens).to(self._device)
        if self._model.config.is_encoder_decoder:
            return self._run({"decoder_input_ids": ids, **self._state})
        if "attention_mask" in self._state:
            mask = self._state["attention_mask"]
            self._state["attention_mask"] = torch.cat([mask, mask.new_ones(ids.shape)], dim=1)
        return self._run({"input_ids": ids, **self._state})

    def logits(self) -> np.ndarray:
        return np.asarray(self._last.float().cpu().numpy())

    def close(self) -> None:
        del self._model, self._state, self._last
        _empty_cache(self._device)

    def _run(self, inputs: dict[str, Any]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            outputs = self._model(**inputs, **self._options)
            if "logits" not in outputs:
                raise Unsupported(f"{type(self._model).__name__} returns no logits to choose a token from")
            self._last = outputs.logits[:, -1]
            tokens = self._last.argmax(dim=-1, keepdim=True).cpu().numpy()
        self._remember(outputs)
        return np.asarray(tokens)

    def _remember(self, outputs: Any) -> None:
        cache = outputs.get("past_key_values")
        if cache is None:
            raise Unsupported(f"{type(self._model).__name__} returns no cache of keys and values to go on from")
        self._state["past_key_values"] = cache

    def _encode(self, prompt: dict[str, Any]) -> Any:
        """What the encoder itself returns: some decoders ask for more of it than its hidden state."""
        import torch

        encoder = self._model.get_encoder()
        wanted = inspect.signature(encoder.forward).parameters
        with torch.inference_mode():
            return encoder(**{name: value for name, value in prompt.items() if name in wanted}, return_dict=True)


def _on_device(arrays: dict[str, np.ndarray], device: Any, dtype: Any) -> dict[str, Any]:
    """Tensors of the arrays; numbers with a fraction in the model's own precision."""
    import torch

    tensors = {name: torch.from_numpy(value).to(device) for name, value in arrays.items()}
    return {name: one.to(dtype) if one.is_floating_point() else one for name, one in tensors.items()}


def _empty_cache(device: Any) -> None:
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()


def _device(name: str) -> Any:
    """A torch device that exists, or what to install."""
    import torch

    kind, _, index = name.partition(":")
    if kind == "cpu":
        return torch.device("cpu")
    if kind == "mps":
        if not torch.backends.mps.is_available():
            raise BackendUnavailable("this torch finds no Metal device; MPS needs macOS on Apple silicon.")
        return torch.device("mps")
    if kind not in ("cuda", "rocm"):
        raise BackendUnavailable(f"torch has no device {name!r} (known: cpu, cuda:N, rocm:N, mps)")
    found = torch.cuda.device_count()
    if int(index or 0) >= found:
        raise BackendUnavailable(
            f"torch {torch.__version__} finds {found} GPUs, {name} is not one. Install the driver and a torch build "
            "for it (https://pytorch.org/get-started)."
        )
    return torch.device("cuda", int(index or 0))


def _dtype(precision: str) -> Any:
    import torch

    return getattr(torch, _DTYPES[precision])


def _forbid_tf32() -> None:
    """An fp32 row must be fp32: TF32 has 10 bits of mantissa where fp32 has 23."""
    import torch

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def _wait_for(device: Any) -> None:
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _quantize(model: Any) -> Any:
    """Linear layers in int8, activations quantized as they come; the rest stays fp32."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated in favour of torchao, which is no dependency of ours
        quantized = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    share = _int8_share(quantized)
    if share < _MIN_INT8_SHARE:
        raise Unsupported(
            f"torch's dynamic int8 quantizes Linear layers only, which hold {share:.0%} of this model's weights"
        )
    return quantized


def _int8_share(model: Any) -> float:
    """Of the weights that are multiplied with: embeddings are looked up and biases added."""
    import torch

    looked_up = {id(one.weight) for one in model.modules() if isinstance(one, torch.nn.Embedding)}
    remaining = sum(one.numel() for one in model.parameters() if one.dim() > 1 and id(one) not in looked_up)
    quantized = sum(one.weight().numel() for one in _int8_layers(model))
    return float(quantized / max(quantized + remaining, 1))


def _int8_layers(model: Any) -> list[Any]:
    import torch

    return [module for module in model.modules() if isinstance(module, torch.ao.nn.quantized.dynamic.Linear)]


def _proof(model: Any, device: Any) -> dict[str, Any]:
    import torch

    proof = {
        "parameter_devices": sorted({str(parameter.device) for parameter in model.parameters()}),
        "parameter_dtypes": sorted({str(parameter.dtype) for parameter in model.parameters()}),
        "int8_layers": len(_int8_layers(model)),
    }
    if device.type == "cuda":
        proof["device_name"] = torch.cuda.get_device_name(device)
    return proof


def _effective_precision(model: Any, asked: str) -> str:
    """The dtype of most parameters, by count of elements: some models keep a few of them in fp32."""
    if asked == "int8":
        return "int8"
    sizes: dict[str, int] = {}
    for parameter in model.parameters():
        name = str(parameter.dtype).removeprefix("torch.")
        sizes[name] = sizes.get(name, 0) + parameter.numel()
    largest = max(sizes, key=lambda name: sizes[name])
    return next((precision for precision, dtype in _DTYPES.items() if dtype == largest), largest)
