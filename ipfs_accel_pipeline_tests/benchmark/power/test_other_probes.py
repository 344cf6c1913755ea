"""Probes whose hardware no test machine has, asked through recorded answers; and the choice between probes."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ipfs_accel_pipeline.benchmark.power import open_power_meter
from ipfs_accel_pipeline.benchmark.power.amd import AmdProbe, import_amdsmi
from ipfs_accel_pipeline.benchmark.power.apple import AppleProbe
from ipfs_accel_pipeline.benchmark.power.choice import open_probes
from ipfs_accel_pipeline.benchmark.power.machine import BatteryProbe, ThermometerProbe
from ipfs_accel_pipeline.benchmark.power.modelled import TDP_VARIABLE
from ipfs_accel_pipeline.benchmark.power.probe import Battery, ProbeUnavailable


def recorded_amdsmi(power):
    return SimpleNamespace(
        amdsmi_init=lambda: None,
        amdsmi_get_processor_handles=lambda: ["gpu-0", "gpu-1"],
        amdsmi_get_energy_count=lambda gpu: {"energy_accumulator": 2_000_000, "counter_resolution": 15.3},
        amdsmi_get_power_info=lambda gpu: power,
        amdsmi_get_temp_metric=lambda gpu, kind, metric: 52,
        AmdSmiTemperatureType=SimpleNamespace(HOTSPOT="hotspot"),
        AmdSmiTemperatureMetric=SimpleNamespace(CURRENT="current"),
    )


@pytest.mark.parametrize(
    ("power", "watts"),
    [
        ({"current_socket_power": 310, "average_socket_power": "N/A"}, 310),
        ({"current_socket_power": "N/A", "average_socket_power": 95}, 95),
        ({"current_socket_power": "N/A", "average_socket_power": "N/A"}, None),
        ({"current_socket_power": 0xFFFF, "average_socket_power": 95}, 95),  # "not available" of older versions
    ],
)
def test_amd_power_is_the_current_or_else_the_average_one(power, watts):
    probe = AmdProbe(recorded_amdsmi(power), 1)
    assert (probe.watts(), probe.joules(), probe.celsius()) == (watts, pytest.approx(30.6), 52)


def test_an_amd_gpu_that_is_not_there_is_a_reason():
    with pytest.raises(ProbeUnavailable, match="no GPU 2"):
        AmdProbe(recorded_amdsmi({}), 2)


@pytest.mark.skipif(Path("/opt/rocm").exists(), reason="this machine has ROCm")
def test_amdsmi_without_rocm_is_a_reason_and_prints_nothing(capsys):
    with pytest.raises(ProbeUnavailable, match="Install ROCm"):
        import_amdsmi()
    assert capsys.readouterr().out == ""


def test_renumbered_amd_gpus_are_not_guessed(monkeypatch):
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "1")
    assert "HIP_VISIBLE_DEVICES renumbers" in open_probes("ROCm", {"device": "cuda:0"})[1][0]


def test_an_apple_chip_tells_cpu_and_gpu_apart():
    energy = SimpleNamespace(cpu_total_mj=1500, gpu_mj=None)
    soc = SimpleNamespace(get_total_energy_consumption=lambda: energy)
    assert (AppleProbe(soc, "cpu_package").joules(), AppleProbe(soc, "gpu").joules()) == (1.5, None)


def recorded_psutil(sensors=None, battery=None):
    return SimpleNamespace(sensors_temperatures=lambda: sensors or {}, sensors_battery=lambda: battery)


def test_only_processor_sensors_count_as_temperature():
    degrees = [SimpleNamespace(current=value) for value in (55.0, 61.0)]
    sensors = {"coretemp": degrees, "nvme": [SimpleNamespace(current=80.0)]}
    assert ThermometerProbe(recorded_psutil(sensors)).celsius() == 61
    assert ThermometerProbe(recorded_psutil({"nvme": degrees})).celsius() is None
    assert ThermometerProbe(SimpleNamespace()).celsius() is None


@pytest.mark.parametrize("nonsense", [0, -274, 65535, 255.5])
def test_what_no_processor_survives_is_no_temperature(nonsense):
    sensors = {"coretemp": [SimpleNamespace(current=nonsense), SimpleNamespace(current=55.0)]}
    assert ThermometerProbe(recorded_psutil(sensors)).celsius() == 55
    assert ThermometerProbe(recorded_psutil({"coretemp": [SimpleNamespace(current=nonsense)]})).celsius() is None


@pytest.mark.parametrize(
    ("files", "charge_mah"),
    [
        ({"charge_now": "4200000"}, 4200),
        ({"energy_now": "46200000", "voltage_now": "11000000"}, 4200),
        ({"energy_now": "46200000"}, None),
        ({}, None),
    ],
)
def test_a_laptops_battery_tells_charge_and_time_left(tmp_path, files, charge_mah):
    (tmp_path / "BAT0").mkdir()
    for name, text in files.items():
        (tmp_path / "BAT0" / name).write_text(text)
    state = SimpleNamespace(percent=80, secsleft=9000, power_plugged=False)
    assert BatteryProbe(recorded_psutil(battery=state), tmp_path).battery() == Battery(True, charge_mah, 2.5)


def test_a_voltage_that_changes_is_no_charge_that_was_taken(tmp_path):
    """Of batteries that count energy: their voltage moves by more than what a window takes."""
    battery = tmp_path / "BAT0"
    battery.mkdir()
    (battery / "energy_now").write_text("46200000")
    (battery / "voltage_now").write_text("11000000")
    probe = BatteryProbe(recorded_psutil(battery=SimpleNamespace(secsleft=9000, power_plugged=False)), tmp_path)
    assert probe.battery().charge_mah == 4200
    (battery / "voltage_now").write_text("11200000")
    assert probe.battery().charge_mah == 4200
    (battery / "energy_now").write_text("46189000")
    assert probe.battery().charge_mah == pytest.approx(4199)


def test_a_machine_without_battery_has_none(tmp_path):
    assert BatteryProbe(recorded_psutil(), tmp_path).battery() is None
    unlimited = SimpleNamespace(percent=100, secsleft=-2, power_plugged=True)
    assert BatteryProbe(recorded_psutil(battery=unlimited), tmp_path).battery() == Battery(False, None, None)


@pytest.mark.parametrize("hardware_type", ["WebNN", "WebGPU", "Qualcomm"])
def test_hardware_without_a_probe_says_not_implemented(hardware_type):
    meter = open_power_meter(hardware_type, time.perf_counter, {"device": "x"})
    meter.start()
    reading = meter.stop()
    assert reading.power_watts_avg is None
    assert f"not implemented: no power probe for {hardware_type} (x)" in reading.reason


def test_an_intel_gpu_is_not_given_the_power_of_the_processor():
    assert "no power probe for OpenVINO (GPU.0)" in open_probes("OpenVINO", {"device": "GPU.0"})[1][0]


def test_a_cuda_row_that_does_not_say_which_gpu_it_is_gets_no_number():
    assert "detect the hardware again" in open_probes("CUDA", {"device": "cuda:0"})[1][0]


@pytest.mark.skipif(sys.platform != "linux", reason="the reasons are Linux's")
def test_an_estimate_is_made_only_on_request(monkeypatch):
    monkeypatch.delenv(TDP_VARIABLE, raising=False)
    assert "tdp_model" not in [probe.source for probe in open_probes("CPU", {"device": "cpu"})[0]]
    monkeypatch.setenv(TDP_VARIABLE, "65")
    assert "tdp_model" in [probe.source for probe in open_probes("CPU", {"device": "cpu"})[0]]
    monkeypatch.setenv(TDP_VARIABLE, "much")
    assert any("'much' is no power" in reason for reason in open_probes("CPU", {"device": "cpu"})[1])
