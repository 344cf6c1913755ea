"""The NVML probe through the real pynvml, which loads a stand-in library compiled here."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ipfs_accel_pipeline.benchmark.isolation import Job
from ipfs_accel_pipeline.benchmark.launcher import Launcher

COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler to build the stand-in for NVML")


@pytest.fixture(scope="module")
def library_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvml")
    source = Path(__file__).with_name("fake_nvml.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", source], check=True)
    return folder


@pytest.fixture
def measure(library_folder):
    """One window on the stand-in, in a process of its own as a benchmark's."""

    def run(gpu, seconds=0.6, **environment):
        environment["LD_LIBRARY_PATH"] = str(library_folder)
        arguments = {"hardware_type": "CUDA", "runtime": {"nvml_index": gpu}, "seconds": seconds}
        with Launcher() as launcher:
            job = Job(f"{__package__}.windows:measure_window", arguments, 60, environment=environment)
            outcome = launcher.run(job)
        assert outcome.value is not None, outcome
        return outcome.value

    return run


@pytest.mark.parametrize(("gpu", "average", "peak", "celsius"), [(0, 100, 120, 61), (1, 220, 240, 70)])
def test_each_gpu_of_a_machine_has_its_own_power(measure, gpu, average, peak, celsius):
    reading = measure(gpu)
    assert reading.power_watts_avg == pytest.approx(average, rel=0.02)
    assert reading.energy_joules == pytest.approx(average * reading.duration_seconds, rel=0.02)
    assert (reading.power_watts_peak, reading.temperature_celsius_peak) == (peak, celsius)
    assert (reading.source, reading.kind, reading.scope, reading.reason) == ("nvml", "measured", "gpu_board", None)
    assert reading.n_samples >= 5


def test_a_gpu_without_energy_counter_is_averaged_from_samples(measure):
    reading = measure(3)
    assert 140 <= reading.power_watts_avg <= 160
    assert (reading.power_watts_peak, reading.energy_joules) == (160, None)


def test_a_gpu_that_is_lost_within_the_window_has_no_power_and_says_so(measure):
    reading = measure(0, FAKE_NVML_LOST_AFTER_S="0.3")
    assert (reading.power_watts_avg, reading.power_watts_peak) == (None, None)
    assert "GPU is lost" in reading.reason


def test_the_board_of_a_divided_gpu_is_not_the_power_of_a_slice(measure):
    reading = measure(2, seconds=0.05)
    assert reading.source == "unavailable"
    assert "MIG" in reading.reason


def test_a_missing_driver_is_the_reason(measure):
    reading = measure(0, seconds=0.05, FAKE_NVML_NO_DRIVER="1")
    assert "Driver Not Loaded" in reading.reason
    assert "nvidia-smi" in reading.reason
