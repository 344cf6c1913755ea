import os
import subprocess
import sys

import pytest

from ipfs_accel_pipeline.browser.memory import BrowserMemory

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="Linux tells it, others do not")


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        yield process.pid
        process.kill()


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


def test_without_any_process_the_memory_is_unknown_with_a_reason(gone):
    use = BrowserMemory([gone]).read([gone])
    assert use.peak_mb is None
    assert use.unknown_reason
