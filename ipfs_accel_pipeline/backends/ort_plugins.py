"""Execution providers that come to ONNX Runtime as plugin libraries, named by the user in the environment.

BENCHMARK_ORT_PLUGINS="QNNExecutionProvider=onnxruntime_qnn;WebGpuExecutionProvider=/opt/libwebgpu.so": each provider
with the path of its library, or a Python package whose `get_library_path()` knows it. Read here and nowhere else.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from ipfs_accel_pipeline.errors import BackendUnavailable, UsageError

PLUGINS_VARIABLE = "BENCHMARK_ORT_PLUGINS"
_KNOWN_PACKAGES = {"WebGpuExecutionProvider": "onnxruntime_ep_webgpu"}


def plugin_sources(text: str | None = None) -> dict[str, str]:
    """Provider name -> library path or package, from `text` or the environment."""
    entries = [entry.strip() for entry in (text or os.environ.get(PLUGINS_VARIABLE, "")).split(";") if entry.strip()]
    pairs = [entry.partition("=") for entry in entries]
    broken = next((entry for entry, (_, _, source) in zip(entries, pairs, strict=True) if not source.strip()), None)
    if broken:
        raise UsageError(f"{PLUGINS_VARIABLE}: {broken!r} is not <provider>=<library path or package>")
    return {name.strip(): source.strip() for name, _, source in pairs}


def register_plugin(options: Any, provider: str) -> None:
    """Load the provider's library and have the session use its devices, or say what is missing."""
    import onnxruntime

    sources = _KNOWN_PACKAGES | plugin_sources()
    if provider not in sources:
        raise BackendUnavailable(
            f"no library is known for {provider} (known: {', '.join(sources) or 'none'}). Install its package and set "
            f"{PLUGINS_VARIABLE}={provider}=<library path or package>."
        )
    library = _library_path(provider, sources[provider])
    if not _devices(provider):  # registering twice in one process is an error
        try:
            onnxruntime.register_execution_provider_library(provider, str(library))
        except Exception as error:
            raise BackendUnavailable(f"{library} did not load as {provider}: {error}") from error
    devices = _devices(provider)
    if not devices:
        raise BackendUnavailable(f"{provider} is loaded but finds no device on this machine.")
    options.add_provider_for_devices(devices[:1], {})


def _library_path(provider: str, source: str) -> Path:
    path = Path(source)
    if path.suffix in (".so", ".dll", ".dylib") or path.is_file():
        if not path.is_file():
            raise BackendUnavailable(f"the library of {provider} is not there: {path}")
        return path
    try:
        package = importlib.import_module(source)
    except ImportError as error:
        raise BackendUnavailable(f"{provider} needs the package {source}: pip install it ({error})") from error
    return Path(package.get_library_path())


def _devices(provider: str) -> list[Any]:
    import onnxruntime

    return [device for device in onnxruntime.get_ep_devices() if device.ep_name == provider]
