"""onnxruntime-web in a browser: on the CPU through WebAssembly, on WebGPU, and on WebNN.

Iterations are timed in the page. Whether the browser's API did the work is not taken on trust: calls into it are
counted during the first inference, and a run without any is refused, because the CPU did it in its place.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipfs_accel_pipeline.backends.interface import Timing
from ipfs_accel_pipeline.backends.library import require_precision
from ipfs_accel_pipeline.browser import runtime
from ipfs_accel_pipeline.browser.find import extra_flags
from ipfs_accel_pipeline.browser.memory import BrowserMemory
from ipfs_accel_pipeline.browser.page import MethodFailedError, Page
from ipfs_accel_pipeline.errors import BackendUnavailable, OutOfItsMemoryError, Unsupported, says_out_of_memory
from ipfs_accel_pipeline.models.bundles import Bundle
from ipfs_accel_pipeline.models.names import match_inputs, match_outputs
from ipfs_accel_pipeline.models.onnx_files import external_files, free_dimensions, graph_signature
from ipfs_accel_pipeline.timing import MemoryUse, RawSeries

# A WebAssembly memory ends at 4 GiB, and the runtime holds the weights beside what it computes.
_LARGEST_MODEL_BYTES = 2 * 2**30
_SLICE_TIMEOUT_S = 240.0
_TOO_LARGE = "Calculation for Tensor storage"  # of one tensor: its size is more than 32 bits can tell
# How onnxruntime-web words that the model needs an operator, or a size, which the provider does not have.
_LACKS = (
    re.compile(r"Could not find an implementation for .*"),
    re.compile(r"Provider type for .* is not set\."),
    re.compile(r"Buffer size \(\d+\) exceeds the max buffer size limit \(\d+\)\."),
)


@dataclass(frozen=True)
class _Api:
    """One way in. `proof` is the count that must rise in an inference; None where nothing can stand in."""

    name: str
    precisions: tuple[str, ...]
    fixed_shapes: bool = False  # it compiles for one shape: a session for each
    proof: str | None = None


_WASM = _Api("wasm", ("fp32", "int8"))
# Half precision is not implemented; of int8 graphs these would leave the integer operators to the CPU.
_WEBGPU = _Api("webgpu", ("fp32",), proof="gpu_dispatches")
_WEBNN = _Api("webnn", ("fp32",), fixed_shapes=True, proof="ml_dispatches")
_ARTEFACTS = {"fp32": "onnx", "int8": "onnx_int8"}


class _BrowserBackend:
    name: str
    api: _Api
    preload: tuple[str, ...] = ()

    def version(self) -> str | None:
        return str(runtime.describe()["version"])

    def artefact(self, precision: str) -> str:
        require_precision(self.name, "any device", precision, self.api.precisions)
        return _ARTEFACTS[precision]

    def precisions(self, device: str) -> tuple[str, ...]:
        return self.api.precisions

    def load(self, bundle: Bundle, device: str, precision: str, threads: int) -> BrowserSession:
        """`device` is `<api>@<browser>`, for WebNN `webnn-<cpu, gpu or npu>@<browser>`."""
        require_precision(self.name, device, precision, self.api.precisions)
        wanted, _, browser = device.partition("@")
        kind = wanted.partition("-")[2]
        if not browser or wanted.partition("-")[0] != self.api.name:
            raise BackendUnavailable(
                f"{device!r} names no browser for {self.name}. Install one; see `ipfs-accel detect`."
            )
        path = bundle.artefact_path(self.artefact(precision))
        files = _model_files(path)
        page = Page(Path(browser), extra_flags())
        try:
            return BrowserSession(page, self.api, kind, path, files, bundle.output_names(), precision, threads)
        except BaseException:
            page.close()
            raise


class WasmBackend(_BrowserBackend):
    name = "wasm"
    api = _WASM


class WebGpuBrowserBackend(_BrowserBackend):
    name = "webgpu-browser"
    api = _WEBGPU


class WebNnBackend(_BrowserBackend):
    name = "webnn"
    api = _WEBNN


@dataclass(frozen=True)
class _Feed:
    """Inputs that lie in the worker."""

    id: int


class BrowserSession:
    def __init__(
        self,
        page: Page,
        api: _Api,
        kind: str,
        path: Path,
        files: Sequence[Path],
        output_names: tuple[str, ...],
        precision: str,
        threads: int,
    ) -> None:
        self.effective_precision = precision  # of the graph's own operators, as for ONNX Runtime outside a browser
        self.compile_ms: float | None = None
        self._page = page
        self._api = api
        self._kind = kind
        self._signature = graph_signature(path)
        self._output_names = output_names
        self._feed_ids = itertools.count()
        self._ask("start", threads=threads)
        self._memory = BrowserMemory(self._pids())
        loaded = self._load(path, files)
        self.load_ms: float = loaded["load_ms"]
        self._compiled(loaded)
        self.actual_device = f"{api.name} in {page.browser.product}"
        self.device_proof: dict[str, Any] = {
            "browser": page.browser.product,
            "user_agent": page.facts["user_agent"],
            "graph_nodes": self._signature.nodes,
        }

    def prepare(self, arrays: dict[str, np.ndarray]) -> _Feed:
        inputs = self._signature.inputs
        fed = match_inputs([[one.name] for one in inputs], arrays)
        values = {one.name: np.ascontiguousarray(arrays[key]) for one, key in zip(inputs, fed, strict=True)}
        urls = {name: self._page.server.share(value.tobytes()) for name, value in values.items()}
        feed = _Feed(next(self._feed_ids))
        tensors = [
            {"name": name, "dtype": str(value.dtype), "dims": list(value.shape), "url": urls[name]}
            for name, value in values.items()
        ]
        sizes = free_dimensions(inputs, values) if self._api.fixed_shapes else None
        self._compiled(self._ask("prepare", feed=feed.id, tensors=tensors, freeDimensions=sizes))
        for url in urls.values():
            self._page.server.unshare(url)
        return feed

    def infer(self, prepared: _Feed) -> dict[str, np.ndarray]:
        names = self._signature.outputs
        inbox = f"outputs-{prepared.id}"
        answer = self._ask("infer", feed=prepared.id, names=names, url=self._page.server.inbox(inbox))
        received = self._page.server.received
        return {
            output["name"]: np.frombuffer(received.pop(f"{inbox}/{index}"), np.float32).reshape(output["dims"])
            for index, output in enumerate(answer["outputs"])
        }

    def arrays(self, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return match_outputs(self._output_names, outputs)

    def take_device_memory_peak_mb(self) -> float | None:
        return None  # never: no browser tells a page what its GPU process has allocated

    def close(self) -> None:
        self._page.close()

    def time_first(self, prepared: _Feed) -> float:
        answer = self._ask("first", feed=prepared.id)
        self._memory.pause(self._pids())  # the parity cases follow
        facts = self._ask("describe")
        self.device_proof |= {
            "calls_in_first_inference": answer["calls"],
            "calls_in_compiling": facts["build_calls"],
            "adapter": facts["adapter"],
            "device_asked_for": self._kind or None,
            "wasm_threads": facts["threads"],
        }
        self._require_use(answer["calls"])
        self.actual_device = _actual_device(self._api, self._kind, facts["adapter"], self._page.browser.product)
        return float(answer["latency_ms"])

    def time_series(self, prepared: _Feed, timing: Timing) -> RawSeries:
        self._memory.resume(self._pids())

        def time_slice(count: int) -> list[float]:
            answer = self._ask("slice", _SLICE_TIMEOUT_S, feed=prepared.id, count=count)
            latencies: list[float] = answer["latencies_ms"]
            return latencies

        return timing.in_slices(time_slice)

    def memory_use(self) -> MemoryUse:
        return self._memory.read(self._pids())

    def environment(self) -> dict[str, Any]:
        return {
            "threads": self.device_proof["wasm_threads"],
            "browser": self._page.browser.product,
            "cross_origin_isolated": self._page.facts["cross_origin_isolated"],
        }

    def _load(self, path: Path, files: Sequence[Path]) -> dict[str, Any]:
        share = self._page.server.share
        external = [{"path": str(file.relative_to(path.parent)), "url": share(file)} for file in files]
        provider: Any = {"name": "webnn", "deviceType": self._kind} if self._kind else self._api.name
        loaded: dict[str, Any] = self._ask(
            "load", url=share(path), external=external, provider=provider, fixedShapes=self._api.fixed_shapes
        )
        return loaded

    def _compiled(self, answer: dict[str, Any]) -> None:
        """The first shape's time counts: it is the one that is measured."""
        if self.compile_ms is None:
            self.compile_ms = answer["build_ms"]

    def _require_use(self, calls: dict[str, int]) -> None:
        if self._api.proof is not None and not calls[self._api.proof]:
            raise Unsupported(
                f"{self._api.name} was not used: the first inference made no call of {self._api.proof}, so the "
                "browser's CPU did the work in its place"
            )

    def _ask(self, method: str, *timeout_s: float, **argument: Any) -> Any:
        try:
            return self._page.call(method, argument, *timeout_s)
        except MethodFailedError as error:
            told = str(error)
            if reason := _lacking(told):
                raise Unsupported(f"{self._api.name} in {self._page.browser.product}: {reason}") from error
            if says_out_of_memory(told) or _TOO_LARGE in told:
                raise OutOfItsMemoryError("a page's WebAssembly memory of 4 GiB is not enough for this case") from error
            raise

    def _pids(self) -> list[int]:
        return [process.pid for process in self._page.browser.processes()]


def _lacking(told: str) -> str | None:
    """What onnxruntime-web lacks for the model, in its words; None where something else went wrong."""
    found = next((match[0] for words in _LACKS if (match := words.search(told))), None)
    if found is None:
        return None
    limit = " This adapter cannot hold it: take a smaller batch, sequence or model." if "buffer size" in found else ""
    return f"onnxruntime-web says: {found}{limit}"


def _model_files(path: Path) -> list[Path]:
    files = external_files(path)
    size = sum(file.stat().st_size for file in (path, *files))
    if size > _LARGEST_MODEL_BYTES:
        raise Unsupported(
            f"the model has {size / 2**30:.1f} GiB, and a page's WebAssembly memory of 4 GiB holds "
            f"{_LARGEST_MODEL_BYTES / 2**30:g} GiB of weights at most"
        )
    return files


def _actual_device(api: _Api, kind: str, adapter: dict[str, Any] | None, product: str) -> str:
    if adapter:
        found = " ".join(part for part in (adapter["vendor"], adapter["architecture"]) if part) or "unnamed adapter"
        return f"{api.name}: {found} in {product}"
    return f"{api.name}{f' {kind}' if kind else ''} in {product}"
