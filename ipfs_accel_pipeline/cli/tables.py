"""Rows as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from ipfs_accel_pipeline.records import HardwarePlatform


def platform_table(platforms: Sequence[HardwarePlatform]) -> str:
    """The devices as a table, then one line for each hardware type that is absent, with the reason."""
    absent = [f"{one.hardware_type}: {one.unavailable_reason}" for one in platforms if not one.available]
    devices = _device_table([one for one in platforms if one.available])
    return "\n".join([devices, "", "Not here:", *(f"  {line}" for line in absent)])


def _device_table(platforms: Sequence[HardwarePlatform]) -> str:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("hardware", overflow="fold")
    for heading in ("type", "device", "units", "MiB", "precisions"):
        table.add_column(heading)
    for one in platforms:
        table.add_row(
            one.hardware_id,
            _type(one),
            one.device_name,
            _text(one.compute_units),
            _text(one.memory_capacity and round(one.memory_capacity)),
            ", ".join(one.supported_precisions or ()) or "–",
        )
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")


def _type(platform: HardwarePlatform) -> str:
    imitated = platform.acceleration in ("software", "emulated")
    return f"{platform.hardware_type}, {platform.acceleration}" if imitated else platform.hardware_type


def _text(value: object) -> str:
    return "–" if value is None else str(value)
