import multiprocessing
import os
import sys

import pytest

from ipfs_accel_pipeline.benchmark.canary import HostBest, canary_cpus, run_canary
from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher
from ipfs_accel_pipeline.errors import PipelineError


def test_the_canary_takes_a_measurable_time_on_every_cpu():
    for threads in (1, os.cpu_count()):
        assert run_canary(canary_cpus(threads)) > 0.1


def test_the_canary_leaves_this_process_on_all_its_cpus():
    before = os.sched_getaffinity(0)
    run_canary(canary_cpus(1))
    assert os.sched_getaffinity(0) == before


def test_the_canary_uses_no_cpu_that_is_not_ours():
    assert set(canary_cpus(1000)) == os.sched_getaffinity(0)
    assert len(canary_cpus(1)) == 1


def test_a_cpu_that_is_gone_is_an_error_and_never_a_number():
    with pytest.raises(OSError, match="belong to this process"):
        run_canary((0, 4095))


@pytest.mark.skipif(sys.platform != "linux", reason="never: the limit is Linux's")
def test_a_thread_that_cannot_be_started_ends_the_canary():
    canary = Job("ipfs_accel_pipeline.benchmark.canary:run_canary", {"cpus": (-1,) * 1000}, 60, memory_limit_mb=200)
    with Launcher() as launcher:
        assert "can't start new thread" in launcher.run(canary).message


def test_the_median_slice_counts():
    moments = iter([0, 9, *[0, 2] * 7, *[0, 1] * 7])  # fifteen slices: one of 9 ms, seven of 2 ms, seven of 1 ms
    assert run_canary((-1,), clock=lambda: next(moments) / 1e3) == pytest.approx(2)


def test_the_first_canary_is_the_best_known(tmp_path):
    assert HostBest(tmp_path / "best.json").slowdown("host/2", 10.0, 12.0) == pytest.approx(1.2)


def test_the_best_is_remembered_across_runs_and_only_improves(tmp_path):
    HostBest(tmp_path / "best.json").slowdown("host/2", 10.0)
    assert HostBest(tmp_path / "best.json").slowdown("host/2", 20.0) == pytest.approx(2)
    assert HostBest(tmp_path / "best.json").slowdown("host/2", 5.0) == pytest.approx(1)
    assert HostBest(tmp_path / "best.json").slowdown("host/2", 10.0) == pytest.approx(2)


def test_hosts_and_thread_counts_are_kept_apart(tmp_path):
    best = HostBest(tmp_path / "best.json")
    best.slowdown("host/2", 10.0)
    assert best.slowdown("host/1", 30.0) == 1


@pytest.mark.parametrize("content", ["{not json", "5", "[]", '{"host/2": 0}', '{"host/2": "x"}', '{"host/2": -1}'])
def test_a_damaged_file_is_started_again(tmp_path, content):
    (tmp_path / "best.json").write_text(content)
    assert HostBest(tmp_path / "best.json").slowdown("host/2", 10.0) == 1


def _note(path, milliseconds):
    HostBest(path).slowdown("host/2", milliseconds)


def test_two_writers_keep_the_better_one(tmp_path):
    path = tmp_path / "best.json"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_note, [(path, float(ms)) for ms in range(20, 0, -1)])
    assert HostBest(path).slowdown("host/2", 2.0) == pytest.approx(2)


def test_a_best_that_cannot_be_kept_is_told_with_the_remedy(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(PipelineError, match=r"canary.json: .*\. Free some space, or fix the rights"):
        HostBest(tmp_path / "data" / "canary.json").slowdown("host", 1.0)
