from __future__ import annotations

import pytest

from ipfs_accel_pipeline.benchmark import environment
from ipfs_accel_pipeline.benchmark.control_groups import cpu_limit, memory_limit_mb

CONTAINER = "0::/\n"
SERVICE = "0::/system.slice/bench.service\n"
FIRST_VERSION = "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n"


@pytest.fixture
def limits(tmp_path):
    """Asks for the limits of a process whose groups are `own`, where the mount holds `files`."""

    def limits(own: str, **files: str) -> tuple[float | None, float | None]:
        for name, text in files.items():
            target = tmp_path / "mount" / name.replace("__", "/").replace("_dot_", ".")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        (tmp_path / "own").write_text(own)
        places = tmp_path / "mount", tmp_path / "own"
        return cpu_limit(*places), memory_limit_mb(*places)

    return limits


def test_a_container_has_the_limits_of_its_group(limits):
    assert limits(CONTAINER, cpu_dot_max="150000 100000\n", memory_dot_max="2147483648\n") == (1.5, 2048)


def test_a_group_without_limits_has_none(limits):
    assert limits(CONTAINER, cpu_dot_max="max 100000\n", memory_dot_max="max\n") == (None, None)


def test_the_tightest_of_the_groups_around_a_process_counts(limits):
    service, slice_ = "system.slice__bench.service__", "system.slice__"
    files = {
        f"{service}cpu_dot_max": "800000 100000\n",
        f"{slice_}cpu_dot_max": "200000 100000\n",
        f"{service}memory_dot_max": "1048576\n",
        f"{slice_}memory_dot_max": "max\n",
    }
    assert limits(SERVICE, **files) == (2, 1)


def test_the_first_version_of_control_groups_is_read_too(limits):
    files = {
        "cpu__cpu_dot_cfs_quota_us": "300000\n",
        "cpu__cpu_dot_cfs_period_us": "100000\n",
        "memory__docker__abc__memory_dot_limit_in_bytes": "1073741824\n",
        "memory__memory_dot_limit_in_bytes": "9223372036854771712\n",
    }
    assert limits(FIRST_VERSION, **files) == (3, 1024)


def test_where_there_are_no_control_groups_there_is_no_limit(tmp_path):
    assert cpu_limit(tmp_path, tmp_path / "none") is None
    assert memory_limit_mb(tmp_path, tmp_path / "none") is None


def test_compute_threads_and_memory_keep_to_the_container(monkeypatch):
    monkeypatch.setattr(environment, "cpu_limit", lambda: 1.9)
    monkeypatch.setattr(environment, "memory_limit_mb", lambda: 512.0)
    assert environment.default_threads() == 1
    assert environment.usable_memory_mb() == 512
    assert environment.describe_host(1)["cpu_limit"] == 1.9
