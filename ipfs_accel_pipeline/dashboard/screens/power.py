"""Power and energy: what was read by which sensor, and why the rest is unknown."""

from __future__ import annotations

from ipfs_accel_pipeline.dashboard import charts
from ipfs_accel_pipeline.dashboard.filters import Filters
from ipfs_accel_pipeline.dashboard.screens.screen import METRICS, Desk, Screen

_BARS = 24


def power(desk: Desk, state: Filters) -> Screen:
    found = desk.cases("power_row", state, count=desk.most_rows + 1)
    rows = found[: desk.most_rows]
    with_energy = [row for row in rows if row["energy_efficiency_items_per_joule"] is not None]
    drawn = {}
    if with_energy:
        best = sorted(with_energy, key=lambda row: -row["energy_efficiency_items_per_joule"])[:_BARS]
        drawn["energy"] = charts.bars(
            best, "energy_efficiency_items_per_joule", "Items per joule", "model_id", "hardware_id"
        )
    # A bar does not say that its watts are an estimate: the table does.
    with_power = [row for row in rows if row["power_watts_avg"] is not None and row["power_kind"] != "modelled"]
    if with_power:
        drawn["power"] = charts.bars(
            with_power[:_BARS], "power_watts_avg", METRICS["power"].title, "model_id", "hardware_id"
        )
    return Screen(
        "power",
        "Power and energy",
        rows=rows,
        context={
            "state": state,
            "readings": rows,
            "is_cut": len(found) > len(rows),
            "gaps": desk.cases("power_gap", state),
            "bars": _BARS,
            "with_energy": len(with_energy),
            "with_power": len(with_power),
        },
        charts=drawn,
        offered=("type", "family", "precision", "batch", "endpoint", "provenance", "model", "hardware"),
    )
