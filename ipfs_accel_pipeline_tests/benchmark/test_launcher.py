import os
import subprocess
import sys
import tempfile
import time

import onnx
import psutil
import pytest
from onnx import TensorProto, helper

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.records import Status

MISBEHAVING = "ipfs_accel_pipeline_tests.benchmark.misbehaving"


@pytest.fixture(params=[(), ("json",)], ids=["fresh process", "forked from a host"])
def run(request):
    with Launcher() as launcher:

        def run_one(name, timeout_s=60.0, memory_limit_mb=None, **arguments):
            job = Job(f"{MISBEHAVING}:{name}", arguments, timeout_s, memory_limit_mb, preload=request.param)
            return launcher.run(job)

        yield run_one
        # Whatever happened, the next benchmark runs.
        assert run_one("add", a=1, b=2).value == 3


def test_returns_the_value_of_the_call(run):
    outcome = run("add", a=2, b=3)
    assert (outcome.status, outcome.value, outcome.message) == (Status.PASSED, 5, None)


def test_an_exception_becomes_an_error_with_its_traceback(run):
    outcome = run("raise_error", message="no such layer")
    assert outcome.status is Status.ERROR
    assert outcome.message == "RuntimeError: no such layer"
    assert "in raise_error" in outcome.details["traceback"]


def test_an_unsupported_combination_keeps_its_reason(run):
    outcome = run("raise_unsupported")
    assert (outcome.status, outcome.message) == (Status.UNSUPPORTED, "this device has no fp16")


def test_a_missing_library_is_unsupported_and_named(run):
    outcome = run("import_missing_library")
    assert outcome.status is Status.UNSUPPORTED
    assert "a_library_that_is_not_installed" in outcome.message
    assert "Install" in outcome.message


@pytest.mark.parametrize("code", [0, 3])
def test_sys_exit_is_an_error_and_not_a_success(run, code):
    outcome = run("exit_politely", code=code)
    assert (outcome.status, outcome.message) == (Status.ERROR, f"the benchmark called sys.exit({code})")


@pytest.mark.parametrize("code", [0, 3])
def test_leaving_without_a_result_is_a_crash(run, code):
    outcome = run("exit_at_once", code=code)
    assert outcome.status is Status.CRASHED
    assert f"exit code {code}" in outcome.message


def test_kill_9_is_a_crash_that_names_the_signal(run):
    outcome = run("kill_self")
    assert (outcome.status, outcome.message) == (Status.CRASHED, "killed by signal 9 (SIGKILL)")


def test_a_segmentation_fault_is_a_crash_with_its_python_stack(run):
    outcome = run("segfault")
    assert (outcome.status, outcome.message) == (Status.CRASHED, "killed by signal 11 (SIGSEGV)")
    assert "in segfault" in outcome.details["log_tail"]


def test_a_result_counts_though_the_process_would_hang_at_its_end(run):
    outcome = run("return_and_hang_at_the_end", value=5, timeout_s=10)
    assert (outcome.status, outcome.value) == (Status.PASSED, 5)
    assert outcome.duration_s < 10


def test_what_a_failed_benchmark_printed_is_in_its_details(run):
    assert "just before" in run("print_and_fail", text="just before").details["log_tail"]


def test_a_killed_benchmark_leaves_no_temporary_files(run, tmp_path):
    assert run("leave_a_temporary_file", note=str(tmp_path / "note")).status is Status.CRASHED
    assert not os.path.exists((tmp_path / "note").read_text())


def test_a_hang_is_a_timeout(run):
    outcome = run("hang", timeout_s=1)
    assert outcome.status is Status.TIMEOUT
    assert "1 s" in outcome.message


def test_a_timeout_also_ends_what_the_benchmark_started(run, tmp_path):
    outcome = run("hang_deaf_to_sigterm", timeout_s=2, child_pid_file=str(tmp_path / "pid"))
    assert outcome.status is Status.TIMEOUT
    grandchild = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(grandchild) and psutil.Process(grandchild).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the benchmark's own child is still running"
        time.sleep(0.05)


def test_an_exhausted_memory_limit_is_out_of_memory(run):
    assert run("allocate", megabytes=4000, memory_limit_mb=500).status is Status.OUT_OF_MEMORY
    assert run("allocate", megabytes=50, memory_limit_mb=500).status is Status.PASSED


def test_an_arena_of_onnx_runtime_that_cannot_allocate_is_out_of_memory(run, tmp_path):
    outcome = run("allocate_with_onnxruntime", model=expand_graph(tmp_path / "model.onnx"), memory_limit_mb=2000)
    assert outcome.status is Status.OUT_OF_MEMORY, outcome


def expand_graph(path):
    """One number, repeated as often as the input says."""
    node = helper.make_node("Expand", ["one", "shape"], ["y"])
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    shape = helper.make_tensor_value_info("shape", TensorProto.INT64, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])
    graph = helper.make_graph([node], "expand", [shape], [y], [one])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return str(path)


@pytest.mark.slow
def test_a_runtime_that_cannot_allocate_is_out_of_memory(run):
    outcome = run("allocate_with_torch", megabytes=8000, memory_limit_mb=3000)
    assert outcome.status is Status.OUT_OF_MEMORY, outcome


def test_a_host_has_the_preloaded_modules_and_a_fresh_process_has_not():
    with Launcher() as launcher:
        outcomes = [
            launcher.run(Job(f"{MISBEHAVING}:is_loaded", {"module": "colorsys"}, 60, preload=preload))
            for preload in ((), ("colorsys",))
        ]
    assert [outcome.value for outcome in outcomes] == [False, True]


def test_the_start_of_the_host_is_no_part_of_a_jobs_duration(tmp_path, monkeypatch):
    (tmp_path / "takes_a_second_to_import.py").write_text("import time; time.sleep(1)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with Launcher() as launcher:
        outcome = launcher.run(Job("os:getpid", {}, 60, preload=("takes_a_second_to_import",)))
    assert outcome.duration_s < 1


def test_every_job_has_a_process_of_its_own():
    with Launcher() as launcher:
        job = Job("os:getpid", {}, 60, preload=("json",))
        pids = {launcher.run(job).value for _ in range(3)}
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_a_fork_host_that_dies_in_a_job_is_a_crash_and_is_replaced():
    with Launcher() as launcher:

        def run(name, **arguments):
            return launcher.run(Job(f"{MISBEHAVING}:{name}", arguments, 60, preload=("json",)))

        assert run("kill_parent").status is Status.CRASHED
        assert run("add", a=1, b=1).value == 2


def test_a_benchmark_that_reads_its_input_finds_none_and_eats_no_job():
    with Launcher() as launcher:
        jobs = [Job("builtins:input", {}, 20, preload=("json",)), Job("os:getpid", {}, 20, preload=("json",))]
        read, after = (launcher.run(job) for job in jobs)
    assert read.message.startswith("EOFError")
    assert after.status is Status.PASSED


def test_a_missing_preload_is_left_to_the_benchmark_to_report():
    with Launcher() as launcher:
        job = Job(f"{MISBEHAVING}:import_missing_library", {}, 60, preload=("a_library_that_is_not_installed",))
        assert launcher.run(job).status is Status.UNSUPPORTED


def test_the_environment_of_a_job_reaches_it():
    with Launcher() as launcher:
        for preload in ((), ("json",)):
            job = Job(
                "os:getenv", {"key": "OMP_NUM_THREADS"}, 60, preload=preload, environment={"OMP_NUM_THREADS": "7"}
            )
            assert launcher.run(job).value == "7"


@pytest.mark.skipif(sys.platform != "linux", reason="never: the limit is Linux's")
def test_no_memory_for_the_stack_of_a_thread_is_out_of_memory(run):
    outcome = run("start_threads", memory_limit_mb=200, count=1000)
    assert outcome.status is Status.OUT_OF_MEMORY
    assert outcome.message == "RuntimeError: can't start new thread (it may have 200 MiB)"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="never: only root may become somebody else")
def test_too_many_threads_are_not_a_lack_of_memory(run):
    outcome = run("start_threads_where_none_may_be_started", memory_limit_mb=2000, count=1)
    assert (outcome.status, outcome.message) == (Status.ERROR, "RuntimeError: can't start new thread")


def test_a_result_that_cannot_be_written_is_no_crash_of_the_model(run):
    outcome = run("lose_the_folder_of_the_result")
    assert outcome.status is Status.ERROR
    assert "could not be written to" in outcome.message
    assert "TMPDIR" in outcome.message


@pytest.mark.parametrize("preload", [(), ("json",)])
def test_a_folder_for_temporary_files_that_is_not_there_is_told_with_the_remedy(tmp_path, monkeypatch, preload):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with Launcher() as launcher:
        outcome = launcher.run(Job(f"{MISBEHAVING}:add", {"a": 1, "b": 2}, 60, preload=preload))
    assert (outcome.status, outcome.duration_s) == (Status.ERROR, None)
    assert "gone" in outcome.message
    assert outcome.message.endswith("or name another with TMPDIR.")


@pytest.mark.skipif(sys.platform == "darwin", reason="never: macOS has no file names that are no UTF-8")
@pytest.mark.parametrize("preload", [(), ("json",)])
def test_the_folder_for_temporary_files_may_have_a_name_that_is_no_text(tmp_path, monkeypatch, preload):
    folder = tmp_path / os.fsdecode(b"\xff \xc3\xa4")
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with Launcher() as launcher:
        assert launcher.run(Job(f"{MISBEHAVING}:add", {"a": 1, "b": 2}, 60, preload=preload)).value == 3


@pytest.mark.parametrize("preload", ["()", "('json',)"])
def test_a_killed_pipeline_leaves_no_benchmark_running_and_the_next_removes_its_files(preload, tmp_path, monkeypatch):
    note = tmp_path / "pid"
    script = f"""
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
with Launcher() as launcher:
    launcher.run(Job("{MISBEHAVING}:sleep_then_note", dict(seconds=3600, path={str(note)!r}), 4000, preload={preload}))
"""
    pipeline = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(tmp_path)})
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pipeline.kill()
    pipeline.wait()
    benchmark = int(note.read_text())
    while psutil.pid_exists(benchmark) and psutil.Process(benchmark).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the benchmark outlived its pipeline"
        time.sleep(0.05)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (left,) = tmp_path.glob("ipfs-accel-job-*")
    os.utime(left / "owner.lock", (0, 0))  # not just being made
    with Launcher():
        assert not left.exists()


def test_a_runtime_with_a_limit_of_its_own_is_not_given_that_of_the_process(run):
    outcome = run("exceed_the_memory_of_a_runtime_elsewhere", memory_limit_mb=20000)
    assert (outcome.status, outcome.message) == (Status.OUT_OF_MEMORY, "a page's memory of 4 GiB is not enough")
