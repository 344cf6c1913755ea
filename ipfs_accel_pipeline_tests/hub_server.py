"""A stand-in for AI Hub's service: speaks its protocol (protobuf over HTTP) to the REAL qai-hub client. Tests only.

Every number it returns is invented. Jobs advance one state each time they are asked about. Faults are injected:
`statuses` are returned for the next requests whose path matches, `job_failures` make jobs fail, `stuck` jobs never end.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h5py
import numpy as np
from qai_hub import public_api_pb2 as pb
from qai_hub.util.dataset_entries_converters import dataset_entries_to_h5, h5_to_dataset_entries

TOKEN = "stand-in-token-5f3a"
_STATES = {
    "compile_job": (pb.JOB_STATE_CREATED, pb.JOB_STATE_OPTIMIZING_MODEL, pb.JOB_STATE_DONE),
    "inference_job": (
        pb.JOB_STATE_CREATED,
        pb.JOB_STATE_PROVISIONING_DEVICE,
        pb.JOB_STATE_MEASURING_PERFORMANCE,
        pb.JOB_STATE_DONE,
    ),
}
_FP16 = "htp-supports-fp16:true"


def make_device(name: str, os_version: str, chipset: str, hexagon: str, system: str = "android", *more: str) -> Any:
    attributes = [f"os:{system}", f"chipset:{chipset}", f"hexagon:{hexagon}", "framework:qnn", "framework:onnx", *more]
    return pb.Device(name=name, os=os_version, attributes=attributes)


def some_devices(count: int) -> list[Any]:
    """Devices that do not exist, with the attributes that the real ones have."""
    first = [
        make_device("Samsung Galaxy S24", "14", "qualcomm-snapdragon-8gen3", "v75", "android", _FP16),
        make_device("Samsung Galaxy S25", "15", "qualcomm-snapdragon-8-elite", "v79", "android", _FP16),
        make_device("Dragonwing RB3 Gen 2", "1.6", "qualcomm-qcs6490", "v68", "qc_linux"),
    ]
    more = [make_device(f"Stand-in Phone {i}", "14", f"chip-{i}", "v75", "android", _FP16) for i in range(count - 3)]
    return (first + more)[:count]


class HubServer:
    """Use as a context manager; `url` is the address for the client."""

    def __init__(self, devices: int = 3) -> None:
        self.devices = some_devices(devices)
        self.models: dict[str, Any] = {}
        self.jobs: dict[str, Any] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.statuses: list[tuple[str, int]] = []  # (regular expression of "METHOD path", status), each used once
        self.job_failures: dict[str, tuple[str, str]] = {}  # device name -> (failure type, reason)
        self.stuck: set[str] = set()  # device names whose inference jobs never end
        self.compute_units = ["NPU", "NPU", "NPU", "CPU"]
        self.answer: Any = None  # (inputs by name) -> outputs by name; None: no outputs
        self.inference_us = [2000 + 10 * (index % 7) for index in range(100)]
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, method: str, pattern: str) -> int:
        return sum(one == method and re.fullmatch(pattern, path) is not None for one, path in self.requests)

    def submitted(self, kind: str) -> list[Any]:
        return [getattr(job, kind) for job in self.jobs.values() if job.WhichOneof("job") == kind]

    def new_id(self, prefix: str) -> str:
        with self._lock:
            return f"{prefix}{next(self._ids):08d}"

    def injected(self, method: str, path: str) -> int | None:
        with self._lock:
            for index, (pattern, status) in enumerate(self.statuses):
                if re.search(pattern, f"{method} {path}"):
                    del self.statuses[index]
                    return status
        return None

    def advance(self, job: Any) -> None:
        kind = job.WhichOneof("job")
        part = getattr(job, kind)
        states = _STATES[kind]
        if part.job_state not in states[:-1] or (kind == "inference_job" and part.device.name in self.stuck):
            return
        part.job_state = states[states.index(part.job_state) + 1]
        failure = self.job_failures.get(part.device.name)
        if part.job_state == pb.JOB_STATE_DONE and failure and (failure[0].startswith("MODEL")) == (kind[0] == "c"):
            part.job_state = pb.JOB_STATE_FAILED
            job.failure_type = pb.JobFailureType.Value(f"JOB_FAILURE_TYPE_{failure[0]}")
            part.failure_reason = failure[1]

    def result(self, job_id: str) -> Any:
        job = self.jobs[job_id].inference_job
        found = pb.JobResult()
        found.inference_job_result.inference_job_id = job_id
        detail = found.inference_job_result.detail
        detail.major_version, detail.minor_version = 1, 8
        detail.execution_time = min(self.inference_us, default=0)
        detail.all_execution_times.extend(self.inference_us)
        detail.cold_load_time, detail.warm_load_time, detail.compile_time = 1_374_293, 277_823, 900_000
        detail.execution_memory.peak.upper = 259 << 20
        for index, unit in enumerate(self.compute_units):
            detail.layer_details.add(
                name=f"layer{index}",
                compute_unit=pb.ComputeUnit.Value(f"COMPUTE_UNIT_{unit}"),
                layer_type_name="MatMul",
                execution_time=400,
            )
        detail.tool_versions.add(name="QAIRT", version="2.42.0.251225")
        detail.runtime_config.add(name="QNN").properties.add(key="htp_performance_mode", value="burst")
        if self.answer is not None:
            found.inference_job_result.output_dataset_id = self._outputs(job)
        return found

    def _outputs(self, job: Any) -> str:
        with h5py.File(io.BytesIO(self.blobs[job.dataset.dataset_id])) as file:
            inputs = {name: np.asarray(batches[0]) for name, batches in h5_to_dataset_entries(file).items()}
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            dataset_entries_to_h5({name: [value] for name, value in self.answer(inputs).items()}, file)
        dataset = self.new_id("d")
        self.blobs[dataset] = buffer.getvalue()
        return dataset


def answers_of(onnx_file: Path) -> Any:
    """What a correct device would answer: the graph itself, run here; 32-bit integers are widened again."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    kinds = {value.name: value.type for value in session.get_inputs()}

    def answer(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        feed = {n: v.astype(np.int64) if kinds[n] == "tensor(int64)" else v for n, v in inputs.items()}
        names = [value.name for value in session.get_outputs()]
        return dict(zip(names, session.run(None, feed), strict=True))

    return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def log_message(self, *_: object) -> None:
        pass

    def _respond(self) -> None:
        url = urlsplit(self.path)
        data = self._body()
        path = re.sub(r"^/api/v1|/projects/[^/]+", "", url.path.rstrip("/"))
        self.hub.requests.append((self.command, path))
        if path.startswith("/blob/"):
            return self._blob(path.rpartition("/")[2], data)
        status = self.hub.injected(self.command, path)
        if status is not None:
            return self._problem(status, f"injected {status}, {self.headers.get('Authorization')}")  # repeats the token
        if self.headers.get("Authorization") != f"token {TOKEN}":
            return self._problem(401, "Invalid token.")
        for pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, f"{self.command} {path}")
            if match:
                return answer(self, match, data, parse_qs(url.query))
        return self._problem(404, f"the stand-in has no {self.command} {path}")

    do_GET = do_POST = do_PUT = do_PATCH = _respond  # noqa: N815 (as the base class calls them)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, body: bytes, status: int = 200, kind: str = "application/x-protobuf") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"etag"')
        self.end_headers()
        self.wfile.write(body)

    def _message(self, message: Any) -> None:
        self._send(message.SerializeToString())

    def _problem(self, status: int, detail: str) -> None:
        self._send(json.dumps({"detail": detail}).encode(), status, "application/json")

    def _created(self, identity: str) -> None:
        message = pb.CreateUpdateResponse(id=identity)
        message.creation_time.GetCurrentTime()
        self._message(message)

    def _blob(self, identity: str, data: bytes) -> None:
        if self.command == "GET":
            return self._send(self.hub.blobs[identity], kind="application/octet-stream")
        if self.command == "POST":  # a form with one file
            boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
            data = data.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary, 1)[0]
        self.hub.blobs[identity] = data
        return self._send(b"")

    def _user(self, match: Any, data: bytes, query: Any) -> None:
        self._message(pb.User(id=1, email="somebody@example.com"))

    def _devices(self, match: Any, data: bytes, query: Any) -> None:
        name, system = query.get("name", [""])[0], query.get("os", [""])[0]
        wanted = {one for one in query.get("attributes", []) if one}
        found = [
            one
            for one in self.hub.devices
            if name in ("", one.name) and system in ("", one.os) and wanted <= set(one.attributes)
        ]
        if query.get("select", ["False"])[0].lower() == "true":
            found = found[:1]
        self._message(pb.DeviceList(devices=found, total_query_count=len(found)))

    def _new_model(self, match: Any, data: bytes, query: Any) -> None:
        model = pb.Model.FromString(data)
        model.model_id = self.hub.new_id("m")
        model.creation_time.GetCurrentTime()
        self.hub.models[model.model_id] = model
        self._created(model.model_id)

    def _model(self, match: Any, data: bytes, query: Any) -> None:
        model = self.hub.models.get(match[1])
        return self._problem(404, f"no model {match[1]}") if model is None else self._message(model)

    def _model_upload(self, match: Any, data: bytes, query: Any) -> None:
        message = pb.FileUploadResponse()
        message.multipart_url.urls.append(f"{self.hub.url}/blob/{match[1]}")
        message.multipart_url.upload_id = "upload"
        message.multipart_url.max_part_size = 1 << 40
        self._message(message)

    def _model_uploaded(self, match: Any, data: bytes, query: Any) -> None:
        self.hub.models[match[1]].file_upload_complete = True
        self._created(match[1])

    def _new_dataset(self, match: Any, data: bytes, query: Any) -> None:
        self._created(self.hub.new_id("d"))

    def _dataset(self, match: Any, data: bytes, query: Any) -> None:
        message = pb.Dataset(dataset_id=match[1], name="data")
        message.creation_time.GetCurrentTime()
        self._message(message)

    def _dataset_upload(self, match: Any, data: bytes, query: Any) -> None:
        message = pb.FileUploadResponse()
        message.url.url = f"{self.hub.url}/blob/{match[1]}"
        message.url.file_field_name = "file"
        self._message(message)

    def _dataset_uploaded(self, match: Any, data: bytes, query: Any) -> None:
        self._created(match[1])

    def _dataset_download(self, match: Any, data: bytes, query: Any) -> None:
        message = pb.FileDownloadResponse()
        message.url.url = f"{self.hub.url}/blob/{match[1]}"
        message.url.filename = "outputs.h5"
        self._message(message)

    def _new_job(self, match: Any, data: bytes, query: Any) -> None:
        job = pb.Job.FromString(data)
        kind = job.WhichOneof("job")
        part = getattr(job, kind)
        identity = self.hub.new_id("j")
        setattr(part, f"{kind}_id", identity)
        part.job_state = pb.JOB_STATE_CREATED
        part.creation_time.GetCurrentTime()
        if kind == "compile_job":
            part.device.CopyFrom(part.devices.devices[0])
            target = pb.Model(model_id=self.hub.new_id("m"), name=part.name, model_type=pb.MODEL_TYPE_QNN_DLC)
            self.hub.models[target.model_id] = target
            part.target_model.CopyFrom(target)
        self.hub.jobs[identity] = job
        self._created(identity)

    def _job(self, match: Any, data: bytes, query: Any) -> None:
        job = self.hub.jobs.get(match[1])
        return self._problem(404, f"no job {match[1]}") if job is None else self._message(job)

    def _result(self, match: Any, data: bytes, query: Any) -> None:
        self._message(self.hub.result(match[1]))

    def _summaries(self, match: Any, data: bytes, query: Any) -> None:
        offset, limit = (int(query.get(name, [default])[0]) for name, default in (("offset", "0"), ("limit", "50")))
        answer = pb.JobSummaryList()
        newest_first = list(reversed(self.hub.jobs.items()))
        for identity, job in newest_first[offset : offset + limit]:
            kind = job.WhichOneof("job")
            self.hub.advance(job)
            part = getattr(job, kind)
            summary = getattr(answer.job_summaries.add(), f"{kind}_summary")
            summary.job_id, summary.name, summary.job_state = identity, part.name, part.job_state
            summary.creation_time.CopyFrom(part.creation_time)
            summary.device_name = part.device.name
        self._message(answer)


_ROUTES = [
    (r"GET /users/auth/user", _Handler._user),
    (r"GET /devices", _Handler._devices),
    (r"POST /models", _Handler._new_model),
    (r"GET /models/([^/]+)", _Handler._model),
    (r"GET /models/([^/]+)/multipart_upload", _Handler._model_upload),
    (r"POST /models/([^/]+)/multipart_upload", _Handler._model_uploaded),
    (r"POST /datasets", _Handler._new_dataset),
    (r"GET /datasets/([^/]+)", _Handler._dataset),
    (r"GET /datasets/([^/]+)/upload_(?:url|data)", _Handler._dataset_upload),
    (r"(?:POST|PATCH|PUT) /datasets/([^/]+)(?:/.*)?", _Handler._dataset_uploaded),
    (r"GET /datasets/([^/]+)/download_data", _Handler._dataset_download),
    (r"POST /jobs", _Handler._new_job),
    (r"GET /jobs/([^/]+)", _Handler._job),
    (r"GET /jobs/([^/]+)/result", _Handler._result),
    (r"GET /job_summaries", _Handler._summaries),
]
