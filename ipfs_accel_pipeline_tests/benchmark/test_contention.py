import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from ipfs_accel_pipeline.benchmark import contention
from ipfs_accel_pipeline.benchmark.contention import ContentionMeter, busy_seconds, contention_slowdown, thread_times

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


def meter_of(*readings, seconds=10.0, busy_s=1000.0):
    """`busy_s` is the work of all CPUs meanwhile."""
    times, clock, busy = iter([{}, *readings]), iter([0.0, 0.0, seconds]), iter([0.0, 500.0, 500.0 + busy_s])
    meter = ContentionMeter(lambda: next(times), lambda: next(clock), lambda: next(busy))
    meter.start()
    return meter


def test_only_the_time_since_the_start_counts_and_a_new_thread_from_its_beginning():
    before = {1: (7_000_000_000, 90_000_000_000)}
    after = {1: (17_000_000_000, 90_000_000_000), 2: (5_000_000_000, 5_000_000_000)}
    assert meter_of(before, after).read() == pytest.approx(20 / 15)


@pytest.mark.parametrize(
    ("busy_s", "slowdown"),
    [
        (20.0, 1.0),  # nobody else worked: four threads of its own on two CPUs
        (21.0, 21 / 20),
        (30.0, 30 / 20),
        (100.0, 40 / 20),  # on a large machine others also work elsewhere
        (19.9, 1.0),  # the CPUs' clock is coarser
    ],
)
def test_waiting_for_its_own_threads_is_no_contention(busy_s, slowdown):
    four = {thread: (5_000_000_000, 5_000_000_000) for thread in range(4)}
    assert meter_of({}, four, busy_s=busy_s).read() == pytest.approx(slowdown)


def test_a_process_without_threads_that_count_is_undisturbed():
    assert meter_of({}, {}).read() == 1.0


@linux_counts
def test_the_work_of_the_cpus_is_counted():
    before = busy_seconds()
    spin(0.5)
    assert busy_seconds() - before > 0.2


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
