"""The processor and memory of this machine: what the operating system says, and what that text means.

Knows Linux, macOS and, through py-cpuinfo, the rest. Imports no runtime: it takes milliseconds on Linux and macOS.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# ARM cores have no name in /proc/cpuinfo, only the implementer's part number (Arm's own: 0x41).
_ARM_CORES = {
    "0xd08": "Cortex-A72",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd40": "Neoverse-V1",
    "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2",
}
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
_NO_NAMES = ("", "-", "unknown", "none", "not specified")
# Unknown keys only make sysctl complain on stderr.
_SYSCTL = ("machdep.cpu.brand_string", "machdep.cpu.features", "machdep.cpu.leaf7_features", "hw.optional.arm")


@dataclass(frozen=True)
class Machine:
    """`processor_text` is what `source` printed, unread."""

    system: str
    architecture: str
    source: str
    processor_text: str
    physical_cores: int | None
    logical_cores: int | None
    memory_bytes: int | None


@dataclass(frozen=True)
class Processor:
    name: str
    flags: frozenset[str]  # lower case, as the operating system writes them


def this_machine() -> Machine:
    import psutil

    system = platform.system()
    source, text = _processor_text(system)
    return Machine(
        system=system,
        architecture=platform.machine(),
        source=source,
        processor_text=text,
        physical_cores=psutil.cpu_count(logical=False),
        logical_cores=psutil.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
    )


def processor(machine: Machine) -> Processor:
    """Name and instruction sets; the architecture stands in for a name that virtual machines keep to themselves."""
    readers = {"/proc/cpuinfo": _from_proc, "sysctl": _from_sysctl, "py-cpuinfo": _from_py_cpuinfo}
    name, flags = readers[machine.source](machine.processor_text)
    if name.strip().lower() in _NO_NAMES:
        name = _ARCHITECTURES.get(machine.architecture.lower(), machine.architecture) or "unnamed"
    return Processor(name.strip(), frozenset(flag.lower() for flag in flags))


def _processor_text(system: str) -> tuple[str, str]:
    if system == "Linux":
        return "/proc/cpuinfo", Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    if system == "Darwin":
        environment = {**os.environ, "LC_ALL": "C"}
        command = ["/usr/sbin/sysctl", *_SYSCTL]
        return "sysctl", subprocess.run(command, capture_output=True, text=True, env=environment, timeout=10).stdout
    import cpuinfo

    return "py-cpuinfo", json.dumps(cpuinfo.get_cpu_info())


def _from_proc(text: str) -> tuple[str, list[str]]:
    values: dict[str, dict[str, None]] = {}  # every value of a key once, in order: cores may differ
    for line in text.splitlines():
        key, _, value = line.partition(":")
        values.setdefault(key.strip(), {})[value.strip()] = None
    flags = next(iter(values.get("flags") or values.get("Features") or {"": None})).split()
    name = next(iter(values.get("model name", {"": None})))
    return name or _arm_name(values), flags


def _arm_name(values: dict[str, dict[str, None]]) -> str:
    if list(values.get("CPU implementer", ())) != ["0x41"]:
        return ""
    cores = [_ARM_CORES.get(part) for part in values.get("CPU part", ())]
    return "ARM " + " ".join(str(core) for core in cores) if cores and all(cores) else ""


def _from_sysctl(text: str) -> tuple[str, list[str]]:
    values = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    listed = f"{values.get('machdep.cpu.features', '')} {values.get('machdep.cpu.leaf7_features', '')}".split()
    features = [
        key.rsplit(".", 1)[-1] for key, value in values.items() if key.startswith("hw.optional.") and value == "1"
    ]
    return values.get("machdep.cpu.brand_string", ""), listed + features


def _from_py_cpuinfo(text: str) -> tuple[str, list[str]]:
    values: dict[str, Any] = json.loads(text)
    return values.get("brand_raw", ""), values.get("flags", [])
