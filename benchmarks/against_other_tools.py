"""Our p50 beside that of OpenVINO's benchmark_app and of a bare loop on ONNX Runtime.

Both sides take short slices in turn, each in a process of its own, so that a slow minute of the host falls on both;
the answer is the median of the ratios of neighbours. Usage: against_other_tools.py [MODEL] [SLICES]
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ipfs_accel_pipeline.benchmark.campaign import thread_environment
from ipfs_accel_pipeline.benchmark.environment import default_threads
from ipfs_accel_pipeline.benchmark.host_lock import exclusive_host
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.benchmark.worker import RoundRequest
from ipfs_accel_pipeline.models.bundles import Bundle, bundle_folder, open_bundle
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.inputs import make_arrays
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.preparation import prepare_bundles
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.timing import Protocol

SECONDS = 2
THREADS = default_threads()
PROTOCOL = replace(Protocol(), rounds=1, min_duration_s=SECONDS, max_duration_s=SECONDS, max_iterations=100_000)
_BARE_LOOP = """
import json, sys, time, numpy, onnxruntime
path, inputs, threads, seconds = sys.argv[1], dict(numpy.load(sys.argv[2])), int(sys.argv[3]), float(sys.argv[4])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
feed = {one.name: inputs[one.name] for one in session.get_inputs()}
for _ in range(10):
    session.run(None, feed)
times, end = [], time.perf_counter() + seconds
while time.perf_counter() < end:
    begin = time.perf_counter(); session.run(None, feed); times.append(time.perf_counter() - begin)
print(json.dumps(numpy.median(times) * 1e3))
"""


def ours(launcher: Launcher, bundle: Bundle, sequence_length: int | None, hardware: str, endpoint: str) -> float:
    device = "CPU" if hardware == "OpenVINO" else "cpu"
    request = RoundRequest(bundle.folder, hardware, endpoint, device, "fp32", 1, sequence_length, THREADS, PROTOCOL)
    job = Job(
        "ipfs_accel_pipeline.benchmark.worker:measure_round",
        {"request": request},
        timeout_s=300,
        environment=thread_environment(THREADS),
    )
    outcome = launcher.run(job)
    assert outcome.value, outcome
    assert outcome.value["latencies_ms"], outcome
    return statistics.median(outcome.value["latencies_ms"])


def benchmark_app(bundle: Bundle, sequence_length: int | None) -> float:
    arrays = make_arrays(bundle.input_specs, 1, sequence_length)
    shapes = ",".join(f"{name}[{','.join(map(str, array.shape))}]" for name, array in arrays.items())
    command = [
        str(Path(sys.executable).with_name("benchmark_app")),
        *("-m", str(bundle.artefact_path("openvino")), "-d", "CPU", "-api", "sync"),
        # It takes threads only without a hint; one stream is what the latency hint chooses.
        *(
            "-hint",
            "none",
            "-nstreams",
            "1",
            "-infer_precision",
            "f32",
            "-nthreads",
            str(THREADS),
            "-t",
            str(SECONDS),
            "-data_shape",
            shapes,
        ),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Median:\s+([\d.]+) ms", answer)
    assert found, answer
    return float(found[1])


def bare_loop(bundle: Bundle, sequence_length: int | None, inputs: Path) -> float:
    path = str(bundle.artefact_path("onnx"))
    command = [sys.executable, "-c", _BARE_LOOP, path, str(inputs), str(THREADS), str(SECONDS)]
    return float(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def compare(name: str, slices: int, ours_once: Callable[[], float], theirs_once: Callable[[], float]) -> None:
    pairs = []
    for index in range(slices):
        # Turn about who goes first, or a drift of the host would favour one side.
        first, second = (ours_once, theirs_once) if index % 2 == 0 else (theirs_once, ours_once)
        a, b = first(), second()
        pairs.append((a, b) if index % 2 == 0 else (b, a))
        print(f"  {name} slice {index + 1}: ours {pairs[-1][0]:.3f} ms, theirs {pairs[-1][1]:.3f} ms", flush=True)
    ratios = sorted(a / b for a, b in pairs)
    print(
        f"{name}: median of {slices} pairwise ratios {statistics.median(ratios):.3f} ({ratios[0]:.3f}-{ratios[-1]:.3f})"
    )


def main(model: str = "resnet-18", slices: str = "12") -> None:
    settings = load_settings()
    spec = find_model(model, load_catalogue(settings.user_catalogue))
    for one in prepare_bundles([spec], ["reference", "onnx", "openvino"], RunConfig(), settings.bundles):
        assert one.outcome.ok, one.outcome
    bundle = open_bundle(bundle_folder(spec, settings.bundles))
    sequence_length = spec.sequence_length
    with tempfile.TemporaryDirectory() as folder, exclusive_host(print), Launcher() as launcher:
        import numpy

        inputs = Path(folder) / "inputs.npz"
        numpy.savez(inputs, **make_arrays(bundle.input_specs, 1, sequence_length))
        compare(
            "OpenVINO benchmark_app",
            int(slices),
            lambda: ours(launcher, bundle, sequence_length, "OpenVINO", "openvino"),
            lambda: benchmark_app(bundle, sequence_length),
        )
        compare(
            "bare ONNX Runtime loop",
            int(slices),
            lambda: ours(launcher, bundle, sequence_length, "CPU", "onnxruntime"),
            lambda: bare_loop(bundle, sequence_length, inputs),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
