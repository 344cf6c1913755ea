"""The only module that calls qai_hub. Its errors become `HubProblem`s with the hub's own reason; units become ours.

The hub's microseconds are milliseconds here, its bytes MiB. Nothing is retried here: the client retries single
requests, and the campaign decides about jobs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ipfs_accel_pipeline.errors import BackendUnavailable
from ipfs_accel_pipeline.qualcomm.access import HubAccess, require_reachable
from ipfs_accel_pipeline.records import Status

T = TypeVar("T")
_PAGE = 50  # job summaries in one answer
_UPGRADE_REQUIRED = 426
_UPGRADE = " This qai-hub is too old for the service: pip install --upgrade qai-hub"
_MOST_PAGES = 20  # a job that is not among the newest thousand is asked for by itself


class Kind(StrEnum):
    """What a problem means for whoever asked."""

    BUSY = "busy"  # rate limit, 503, no connection: later it may work
    REFUSED = "refused"  # a device, a model, an option: it will not
    DENIED = "denied"  # the token or the client's version: nothing will


class HubProblem(Exception):  # noqa: N818 (often a result, not an error)
    def __init__(self, kind: Kind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class HubDevice:
    """One kind of device that the hub offers, with one version of its system."""

    name: str
    os: str
    attributes: tuple[str, ...]

    def attribute(self, key: str) -> str | None:
        return next((value for name, _, value in (one.partition(":") for one in self.attributes) if name == key), None)


@dataclass(frozen=True)
class JobFailure:
    """Why the hub says that a job failed."""

    status: Status
    reason: str


@dataclass(frozen=True)
class ProfileResult:
    """What one inference job measured. Milliseconds and MiB; None where the hub does not tell."""

    latencies_ms: tuple[float, ...]
    outputs: dict[str, np.ndarray]
    first_load_ms: float | None
    compile_ms: float | None
    peak_memory_mb: float | None
    layers: tuple[dict[str, Any], ...]  # name, type, compute_unit (NPU | GPU | CPU), execution_us
    tools: dict[str, str]  # name -> version
    runtime_configuration: dict[str, dict[str, str]]

    def layers_per_unit(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for layer in self.layers:
            counts[layer["compute_unit"]] = counts.get(layer["compute_unit"], 0) + 1
        return counts


class Hub:
    """A connection to AI Hub."""

    def __init__(self, access: HubAccess) -> None:
        """BackendUnavailable if the client is not installed or nobody answers at the address."""
        try:
            import qai_hub
            from qai_hub import client, public_rest_api
        except ImportError as error:
            raise BackendUnavailable(f"qai-hub is not installed: pip install qai-hub ({error})") from error
        require_reachable(access)
        self.access = access
        self._errors = client
        self._rest = public_rest_api
        self._pb = public_rest_api.api_pb
        self._config = qai_hub.ClientConfig(access.token, access.api_url, access.api_url, verbose=False)
        self._client = qai_hub.Client(config=self._config)
        self._device = qai_hub.Device

    def devices(self) -> list[HubDevice]:
        """All that the hub offers."""
        found = self._ask(self._client.get_devices)
        return [HubDevice(one.name, one.os, tuple(one.attributes)) for one in found]

    def upload_model(self, path: Path, name: str) -> str:
        """Id of the uploaded model. A folder holds a graph with its weights beside it."""
        return str(self._ask(self._client.upload_model, str(path), name=name).model_id)

    def submit_compile(
        self, model_id: str, device: HubDevice, name: str, inputs: Mapping[str, np.ndarray], options: str
    ) -> str:
        """Job id. `inputs` give the static shapes."""
        specs = {key: (tuple(value.shape), str(value.dtype)) for key, value in inputs.items()}
        model = self._ask(self._client.get_model, model_id)
        job = self._ask(
            self._client.submit_compile_job,
            model,
            device=self._device(device.name, device.os),
            name=name,
            input_specs=specs,
            options=options,
            retry=False,  # the client's own would block for minutes, and print
        )
        return str(job.job_id)

    def submit_inference(
        self, compile_job: str, device: HubDevice, name: str, inputs: Mapping[str, np.ndarray], options: str = ""
    ) -> str:
        """Job id of one job that both times the compiled model and returns what it answers to `inputs`."""
        compiled = self._ask(self._client.get_job, compile_job)
        model = self._ask(compiled.get_target_model)
        if model is None:
            raise HubProblem(Kind.REFUSED, f"compile job {compile_job} left no model")
        job = self._ask(
            self._client.submit_inference_job,
            model,
            device=self._device(device.name, device.os),
            name=name,
            inputs={key: [value] for key, value in inputs.items()},
            options=options,
            retry=False,
            profile=True,
        )
        return str(job.job_id)

    def states(self, jobs: Iterable[str]) -> dict[str, JobState]:
        """Where each job is. One question answers for fifty jobs."""
        wanted = set(jobs)
        found: dict[str, JobState] = {}
        for page in range(_MOST_PAGES):
            if not wanted - found.keys():
                break
            summaries = self._ask(self._client.get_job_summaries, offset=page * _PAGE, limit=_PAGE)
            found |= {one.job_id: _state(one.status) for one in summaries if one.job_id in wanted}
            if len(summaries) < _PAGE:
                break
        missing = wanted - found.keys()
        return found | {job: _state(self._ask(self._client.get_job, job).get_status()) for job in sorted(missing)}

    def failure(self, job: str) -> JobFailure:
        """The hub's own words about a job that failed."""
        answer = self._ask(self._rest.get_job, self._config, job)
        part = getattr(answer, answer.WhichOneof("job"))
        kind = self._pb.JobFailureType.Name(answer.failure_type).removeprefix("JOB_FAILURE_TYPE_")
        reason = self.access.hide(part.failure_reason) or "no reason given"
        return JobFailure(failure_status(kind), f"AI Hub job {job} failed ({kind}): {reason}")

    def result(self, job: str) -> ProfileResult:
        answer = self._ask(self._rest.get_job_results, self._config, job).inference_job_result
        detail = answer.detail
        outputs = self._outputs(answer.output_dataset_id) if answer.output_dataset_id else {}
        return ProfileResult(
            latencies_ms=tuple(microseconds / 1e3 for microseconds in detail.all_execution_times),
            outputs=outputs,
            first_load_ms=_milliseconds(detail.cold_load_time),
            compile_ms=_milliseconds(detail.compile_time),
            peak_memory_mb=_mebibytes(detail),
            layers=tuple(self._layer(layer) for layer in detail.layer_details),
            tools={tool.name: tool.version for tool in detail.tool_versions},
            runtime_configuration={
                part.name: {one.key: one.value for one in part.properties} for part in detail.runtime_config
            },
        )

    def web_page(self, job: str) -> str:
        return f"{self.access.api_url}/jobs/{job}/"

    def _layer(self, layer: Any) -> dict[str, Any]:
        unit = self._pb.ComputeUnit.Name(layer.compute_unit).removeprefix("COMPUTE_UNIT_")
        time_us = layer.execution_time if layer.HasField("execution_time") else None
        return {"name": layer.name, "type": layer.layer_type_name, "compute_unit": unit, "execution_us": time_us}

    def _outputs(self, dataset_id: str) -> dict[str, np.ndarray]:
        dataset = self._ask(self._client.get_dataset, dataset_id)
        entries = self._ask(dataset.download)
        return {name: np.asarray(batches[0]) for name, batches in entries.items() if batches}

    def _ask(self, question: Callable[..., T], *arguments: Any, **options: Any) -> T:
        try:
            return question(*arguments, **options)
        except (self._errors.RateLimitedError, self._errors.InternalError) as error:
            raise HubProblem(Kind.BUSY, self._words(error)) from error
        except (self._errors.UserError, ValueError) as error:
            status = self._status(error)
            raise HubProblem(_kind_of_status(status) if status else Kind.REFUSED, self._words(error)) from error
        except self._rest.APIException as error:
            raise HubProblem(_kind_of_status(error.status_code), self._words(error)) from error
        except OSError as error:  # requests' exceptions, where the client lets them through
            raise HubProblem(Kind.BUSY, self._words(error)) from error

    def _words(self, error: Exception) -> str:
        """The client draws boxes around its messages and breaks their lines."""
        text = re.sub(r"[┌─┐└┘|\s]+", " ", self.access.hide(str(error))).strip()
        remedy = _UPGRADE if self._status(error) == _UPGRADE_REQUIRED else ""
        return f"AI Hub: {text or type(error).__name__}{remedy}"

    def _status(self, error: BaseException) -> int | None:
        """Of the answer behind `error`: the client drops it from the errors that it explains itself."""
        while not isinstance(error, self._rest.APIException):
            if error.__context__ is None:
                return None
            error = error.__context__
        return error.status_code


# By the end of the hub's name for what went wrong; anything else is an error.
_STATUSES = (
    (("OUT_OF_MEMORY", "DEVICE_OOM"), Status.OUT_OF_MEMORY),
    (("TIMEOUT",), Status.TIMEOUT),
    (("CRASH",), Status.CRASHED),
    (("UNSUPPORTED",), Status.UNSUPPORTED),
    (("CLOUD_THROTTLED", "SERVICE_BUSY", "CLOUD_API_ERROR", "QDC_API_ERROR", "RESOURCE_MISSING"), Status.SKIPPED),
)


def failure_status(kind: str) -> Status:
    """`kind` is the hub's JobFailureType. What its own machinery spoiled was not run: skipped."""
    return next((status for endings, status in _STATUSES if kind.endswith(endings)), Status.ERROR)


def _kind_of_status(status: int | None) -> Kind:
    if status is None or status == 429 or status >= 500:
        return Kind.BUSY
    return Kind.DENIED if status in (401, 403, _UPGRADE_REQUIRED) else Kind.REFUSED


def _state(status: Any) -> JobState:
    if status.success:
        return JobState.DONE
    return JobState.FAILED if status.failure else JobState.RUNNING


def _milliseconds(microseconds: int) -> float | None:
    """A protobuf without the number holds zero, which no load ever takes."""
    return microseconds / 1e3 if microseconds else None


def _mebibytes(detail: Any) -> float | None:
    """Upper end of the peak while inferring; older results have one number after it."""
    upper = detail.execution_memory.peak.upper or detail.after_execution_peak_memory
    return upper / 2**20 if upper else None
