"""The phone's battery through the real adbutils, which talks to a stand-in for the adb server."""

import time
from pathlib import Path

import pytest

from ipfs_accel_pipeline.benchmark.power.android import AndroidProbe, find_phone
from ipfs_accel_pipeline.benchmark.power.choice import open_probes
from ipfs_accel_pipeline.benchmark.power.probe import ProbeUnavailable
from ipfs_accel_pipeline.benchmark.power.sampler import PowerSampler
from ipfs_accel_pipeline_tests.benchmark.power.adb_server import SERIAL, AdbServer

pytest.importorskip("adbutils", reason="adbutils is not installed: pip install 'ipfs-accel-pipeline[android]'")
MILLIAMPERES, VOLTS = 1200, 4.0
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: {plugged}
  Charge counter: {charge_uah}
  status: 3
  level: 87
  voltage: 4000
  temperature: 313
"""
THERMAL = """Thermal Status: 0
Current temperatures from HAL:
\tTemperature{mValue=41.7, mType=0, mName=CPU0, mStatus=0}
\tTemperature{mValue=44.2, mType=9, mName=NPU0, mStatus=0}
\tTemperature{mValue=55.0, mType=2, mName=battery, mStatus=0}
"""


class Phone:
    """Discharges at 1200 mA from the first question on, in steps of 1 uAh."""

    def __init__(self):
        self.started = time.perf_counter()
        self.plugged = "false"
        self.boot_id = Path("/proc/sys/kernel/random/boot_id").read_text()  # it is this machine

    def shell(self, command):
        elapsed = time.perf_counter() - self.started
        charge_uah = int(3_500_000 - MILLIAMPERES * 1000 * elapsed / 3600)
        answers = {
            "dumpsys battery": BATTERY.format(plugged=self.plugged, charge_uah=charge_uah),
            "dumpsys thermalservice": THERMAL,
            "cat /proc/sys/kernel/random/boot_id": self.boot_id,
        }
        return next((answer for text, answer in answers.items() if text in command), "")


@pytest.fixture
def phone(monkeypatch):
    phone = Phone()
    with AdbServer(phone.shell) as server:
        import adbutils

        monkeypatch.setattr(adbutils, "adb", adbutils.AdbClient(host="127.0.0.1", port=server.port))
        monkeypatch.setenv("BENCHMARK_ANDROID_SERIAL", SERIAL)
        yield phone


def test_power_temperature_and_battery_of_a_phone_that_discharges(phone):
    probes, reasons = open_probes("Qualcomm", {"device": "qnn-npu"})
    assert probes[0].source == "android"
    meter = PowerSampler(probes, reasons, time.perf_counter)
    meter.start()
    time.sleep(1.2)
    reading = meter.stop()
    assert reading.power_watts_avg == pytest.approx(MILLIAMPERES / 1000 * VOLTS, rel=0.1)
    assert reading.temperature_celsius_peak == 44.2
    assert reading.battery_impact_mah == pytest.approx(MILLIAMPERES * reading.duration_seconds / 3600, rel=0.1)
    assert reading.estimated_runtime_hours == pytest.approx(3500 / MILLIAMPERES, rel=0.1)
    assert (reading.source, reading.scope) == ("android", "device")


def test_a_phone_on_a_charger_says_nothing_of_power(phone):
    phone.plugged = "true"
    with pytest.raises(ProbeUnavailable, match="on a charger"):
        AndroidProbe(find_phone(SERIAL))


def test_a_phone_that_is_put_on_a_charger_has_no_number_for_that_window(phone):
    meter = PowerSampler([AndroidProbe(find_phone(SERIAL))], [], time.perf_counter)
    meter.start()
    phone.plugged = "true"
    reading = meter.stop()
    assert (reading.power_watts_avg, reading.battery_impact_mah) == (None, None)
    assert "put on a charger" in reading.reason


def test_a_phone_that_is_not_connected_is_named_with_those_that_are(phone):
    with pytest.raises(ProbeUnavailable, match=f"does not see the phone OTHER .it sees: {SERIAL}"):
        find_phone("OTHER")


def test_a_phone_that_is_not_this_machine_is_refused_with_what_to_do(phone):
    phone.boot_id = "another kernel"
    probes, reasons = open_probes("Qualcomm", {"device": "qnn-npu"})
    assert "android" not in [probe.source for probe in probes]
    assert "is not this machine" in reasons[0]
    assert "Run the pipeline on the phone, or unset BENCHMARK_ANDROID_SERIAL" in reasons[0]


def test_without_the_setting_no_phone_is_asked(phone, monkeypatch):
    monkeypatch.delenv("BENCHMARK_ANDROID_SERIAL")
    probes, reasons = open_probes("CPU", {"device": "cpu"})
    assert "android" not in [probe.source for probe in probes]
    assert not any("phone" in reason for reason in reasons)
