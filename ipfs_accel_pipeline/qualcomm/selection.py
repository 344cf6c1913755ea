"""Which of the hub's devices a person chose: by name, or by attributes."""

from __future__ import annotations

from collections.abc import Sequence

from ipfs_accel_pipeline.errors import BackendUnavailable
from ipfs_accel_pipeline.qualcomm.access import DEVICES_VARIABLE
from ipfs_accel_pipeline.qualcomm.hub import HubDevice

_SHOWN = 8


def select_devices(offered: Sequence[HubDevice], choices: Sequence[str]) -> list[HubDevice]:
    """The devices that match any choice, in the hub's order; BackendUnavailable if a choice matches none.

    A choice is a name ("Samsung Galaxy S24"), or attributes that must all hold ("chipset:sm8650+os:android").
    """
    if not choices:
        raise BackendUnavailable(
            f"AI Hub offers {len(offered)} devices and none is chosen: set {DEVICES_VARIABLE}, for example to "
            f"'Samsung Galaxy S24;chipset:qualcomm-snapdragon-8gen3+os:android'."
        )
    unmatched = next((choice for choice in choices if not any(_matches(one, choice) for one in offered)), None)
    if unmatched:
        names = ", ".join(dict.fromkeys(one.name for one in offered[:_SHOWN]))
        raise BackendUnavailable(f"AI Hub has no device {unmatched!r}. It has {len(offered)}, among them: {names}.")
    return [one for one in offered if any(_matches(one, choice) for choice in choices)]


def _matches(device: HubDevice, choice: str) -> bool:
    if device.name.casefold() == choice.casefold():
        return True
    attributes = {attribute.casefold() for attribute in device.attributes}
    return ":" in choice and {part.strip().casefold() for part in choice.split("+")} <= attributes
