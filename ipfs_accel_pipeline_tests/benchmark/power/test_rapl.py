"""The RAPL probe through the real zeus, on a tree of files as Linux shows it."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

from ipfs_accel_pipeline.benchmark.power.probe import ProbeUnavailable
from ipfs_accel_pipeline.benchmark.power.rapl import RaplProbe
from ipfs_accel_pipeline.benchmark.power.sampler import PowerSampler

pytest.importorskip("zeus", reason="zeus is not installed: pip install 'ipfs-accel-pipeline[power]'")
RANGE_UJ = 1_000_000


@pytest.fixture
def tree():
    """A folder that every user may enter, unlike pytest's own."""
    root = Path(tempfile.mkdtemp(prefix="rapl-"))
    root.chmod(0o755)
    yield root / "intel-rapl"
    shutil.rmtree(root)


def add_zone(folder, name, energy_uj=0):
    folder.mkdir(parents=True, mode=0o755)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder / "energy_uj"


def test_the_energy_of_all_packages_and_their_memory_is_summed(tree):
    counters = [
        add_zone(tree / "intel-rapl:0", "package-0", 10),
        add_zone(tree / "intel-rapl:0" / "intel-rapl:0:0", "dram", 20),
        add_zone(tree / "intel-rapl:1", "package-1", 30),
    ]
    add_zone(tree / "intel-rapl:0" / "intel-rapl:0:1", "core", 5)  # a part of the package: not to be counted twice
    probe = RaplProbe([tree])
    assert probe.scope == "cpu_package+dram"
    assert probe.joules() == 0
    for counter, added in zip(counters, (100_000, 200_000, 400_000), strict=True):
        counter.write_text(str(int(counter.read_text()) + added))
    assert probe.joules() == pytest.approx(0.7)


def test_the_platform_is_no_package_though_it_is_listed_beside_them(tree):
    package = add_zone(tree / "intel-rapl:0", "package-0")
    platform = add_zone(tree / "intel-rapl:1", "psys")  # all of the laptop, the package within it
    probe = RaplProbe([tree])
    package.write_text("100000")
    platform.write_text("250000")
    assert probe.joules() == pytest.approx(0.1)


def test_a_platform_without_packages_is_not_taken_for_one(tree):
    add_zone(tree / "intel-rapl:0", "psys")
    with pytest.raises(ProbeUnavailable, match="lists no package"):
        RaplProbe([tree])


def test_a_counter_that_wraps_around_goes_on(tree):
    counter = add_zone(tree / "intel-rapl:0", "package-0", 900_000)
    probe = RaplProbe([tree])
    assert probe.scope == "cpu_package"
    seen = []
    for energy_uj in (950_000, 50_000, 650_000, 100_000):
        counter.write_text(str(energy_uj))
        seen.append(probe.joules())
    assert seen == pytest.approx([0.05, 0.15, 0.75, 1.2])


def test_a_counter_that_is_set_back_is_no_wrap_around(tree):
    """One of 65.5 kJ that a waking machine sets to zero: it would have been 1.3 MW."""
    counter = add_zone(tree / "intel-rapl:0", "package-0", 40_000_000_000)
    (tree / "intel-rapl:0" / "max_energy_range_uj").write_text("65532610987")
    now = iter([0.0, 0.05, 0.1])
    probe = RaplProbe([tree], lambda: next(now))
    counter.write_text("40005000000")
    assert probe.joules() == pytest.approx(5)
    counter.write_text("2000000")
    with pytest.raises(RuntimeError, match=r"package-0 jumped from 40005 to 2 J in 0\.05 s"):
        probe.joules()


def test_a_counter_that_went_on_for_minutes_unasked_did_not_jump(tree):
    counter = add_zone(tree / "intel-rapl:0", "package-0", 40_000_000_000)
    (tree / "intel-rapl:0" / "max_energy_range_uj").write_text("65532610987")
    now = iter([0.0, 200.0])
    probe = RaplProbe([tree], lambda: next(now))
    counter.write_text("20000000000")
    assert probe.joules() == pytest.approx(45_532.61, abs=0.01)


def test_a_window_over_a_wrap_around_has_the_right_average(tree):
    counter = add_zone(tree / "intel-rapl:0", "package-0", 950_000)
    meter = PowerSampler([RaplProbe([tree])], [], time.perf_counter)
    meter.start()
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < 0.3:
        replaced = counter.with_suffix(".new")
        replaced.write_text(str(int(950_000 + elapsed * 4e6) % RANGE_UJ))  # 4 W: it wraps every 0.25 s
        os.replace(replaced, counter)  # a reader never meets an empty file
    reading = meter.stop()
    assert reading.power_watts_avg == pytest.approx(4, rel=0.1)
    assert reading.source == "rapl"


def test_a_machine_without_rapl_says_so(tmp_path):
    with pytest.raises(ProbeUnavailable, match="Virtual machines are not given it"):
        RaplProbe([tmp_path / "nothing"])


def test_denied_permission_says_what_to_do(tree):
    add_zone(tree / "intel-rapl:0", "package-0").chmod(0o400)
    user = os.geteuid()
    if user != 0:
        (tree / "intel-rapl:0" / "energy_uj").chmod(0)
    else:
        os.seteuid(65534)  # as root nothing is denied
    try:
        with pytest.raises(ProbeUnavailable, match=r"permission denied.*sudo chmod -R a\+r"):
            RaplProbe([tree])
    finally:
        os.seteuid(user)


def test_counters_that_vanish_within_the_window_are_a_reason_and_no_number(tree):
    counter = add_zone(tree / "intel-rapl:0", "package-0", 10)
    meter = PowerSampler([RaplProbe([tree])], [], time.perf_counter)
    meter.start()
    counter.unlink()
    time.sleep(0.12)
    reading = meter.stop()
    assert reading.power_watts_avg is None
    assert "FileNotFoundError" in reading.reason
