import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from ipfs_accel_pipeline.benchmark import contention
from ipfs_accel_pipeline.benchmark.contention import ContentionMeter, contention_slowdown, thread_times

linux_counts = pytest.mark.skipif(
    not os.path.exists("/proc/self/schedstat"), reason="this kernel does not count how long threads wait for a CPU"
)


@pytest.mark.parametrize(
    ("run_s", "wait_s", "wall_s", "slowdown"),
    [
        (10.0, 0.0, 10.0, 1.0),
        (5.0, 5.0, 10.0, 2.0),  # one thread that got half of a CPU
        (10.0, 10.0, 10.0, 2.0),  # two threads that got half of two
        (15.0, 5.0, 10.0, 4 / 3),  # two busy threads, one of which shared its CPU
        (0.1, 0.1, 10.0, 10 / 9.9),  # a device does the work: 0.1 s lost of 10 s
    ],
)
def test_the_slowdown_is_wall_time_over_what_it_would_have_been_without_waiting(run_s, wait_s, wall_s, slowdown):
    assert contention_slowdown(run_s, wait_s, wall_s) == pytest.approx(slowdown)


def meter_of(*readings, seconds=10.0):
    times, clock = iter([{}, *readings]), iter([0.0, 0.0, seconds])
    meter = ContentionMeter(lambda: next(times), lambda: next(clock))
    meter.start()
    return meter


def test_only_the_time_since_the_start_counts_and_a_new_thread_from_its_beginning():
    before = {1: (7_000_000_000, 90_000_000_000)}
    after = {1: (17_000_000_000, 90_000_000_000), 2: (5_000_000_000, 5_000_000_000)}
    assert meter_of(before, after).read() == pytest.approx(20 / 15)


def test_a_thread_that_ended_meanwhile_is_left_out():
    assert meter_of({1: (0, 0), 2: (4, 4)}, {1: (10_000_000_000, 0)}).read() == 1.0


def test_a_kernel_that_does_not_count_gives_no_number(tmp_path, monkeypatch):
    monkeypatch.setattr(contention, "_PROC", tmp_path)
    assert thread_times() is None
    assert ContentionMeter().read() is None


@linux_counts
def test_threads_and_child_processes_are_counted():
    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: (ready.set(), done.wait()))
    thread.start()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        ready.wait()
        assert {os.getpid(), thread.native_id, child.pid} <= set(thread_times())
    finally:
        done.set()
        child.communicate(b"\n")


def spin(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@linux_counts
def test_a_neighbour_on_the_same_cpu_shows_while_it_is_there():
    """Both are bound to one CPU, so that a second one cannot take the neighbour away."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    neighbour = multiprocessing.get_context("fork").Process(target=spin, args=(60,), daemon=True)
    try:
        neighbour.start()
        neighbour_pid = neighbour.pid
        meter = ContentionMeter(lambda: {t: v for t, v in thread_times().items() if t != neighbour_pid})
        spin(0.5)
        assert meter.read() > 1.3
    finally:
        neighbour.kill()
        neighbour.join()
        os.sched_setaffinity(0, before)
