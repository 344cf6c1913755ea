import os
import subprocess
import sys

import pytest

from ipfs_accel_pipeline.browser.memory import BrowserMemory

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="Linux tells it, others do not")


# Takes and frees as many MiB as it is told.
TAKER = "while True: print(flush=True); bytearray(int(input()) << 20)"


@pytest.fixture
def taker():
    with subprocess.Popen([sys.executable, "-c", TAKER], stdin=-1, stdout=-1, text=True, bufsize=1) as process:
        process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def sleeper(taker):
    return taker.pid


@pytest.fixture
def gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_helper_that_ended_before_it_was_read_hides_nothing_of_the_others(sleeper, gone):
    memory = BrowserMemory([sleeper, gone])
    use = memory.read([sleeper, gone])
    assert use.unknown_reason is None
    assert use.baseline_mb > 1
    assert 0 <= use.peak_mb < use.baseline_mb


def test_what_is_taken_between_pause_and_resume_is_not_in_the_peak(taker):
    def take(mib):
        taker.stdin.write(f"{mib}\n")
        taker.stdout.readline()

    pids = [taker.pid]
    memory = BrowserMemory(pids)
    take(40)
    memory.pause(pids)
    take(200)
    memory.resume(pids)
    take(10)
    assert 35 < memory.read(pids).peak_mb < 100


def test_without_any_process_the_memory_is_unknown_with_a_reason(gone):
    use = BrowserMemory([gone]).read([gone])
    assert use.peak_mb is None
    assert use.unknown_reason
