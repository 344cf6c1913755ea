"""What a device is called for ever: `hardware_id`, made of its type and name.

The same after a reboot or a driver update, and on every host with that device: no host name, version or clock rate.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from ipfs_accel_pipeline.records import HardwarePlatform

# What vendors add to a product's name and not every tool repeats.
_NOISE = re.compile(
    r"[™®©]|\((?:r|tm|c)\)|@\s*[\d.]+\s*[gm]hz|\bw(?:ith|/) radeon.*$|\b\d+(?:st|nd|rd|th) gen\b|\b\d+-core\b"
    r"|\bprocessor\b|\bcpu\b",
    re.IGNORECASE,
)


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


def product_slug(device_name: str) -> str:
    """`intel-xeon-platinum-8375c` of "Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz"."""
    return slug(_NOISE.sub(" ", device_name)) or slug(device_name) or "unnamed"


def hardware_id(hardware_type: str, device_name: str, index: int | None = None, kind: str = "") -> str:
    """`index` tells equal devices of one machine apart; `kind` is OpenVINO's CPU, GPU or NPU."""
    parts = [slug(hardware_type), slug(kind), product_slug(device_name), "" if index is None else str(index)]
    return "-".join(part for part in parts if part)


def absent_id(hardware_type: str) -> str:
    return f"{slug(hardware_type)}-absent"


def distinct(rows: Iterable[HardwarePlatform]) -> list[HardwarePlatform]:
    """The rows in their order; the second device of one id gets `-2`, so that no two ever share history."""
    seen: Counter[str] = Counter()
    named = []
    for row in rows:
        seen[row.hardware_id] += 1
        again = seen[row.hardware_id]
        named.append(row if again == 1 else replace(row, hardware_id=f"{row.hardware_id}-{again}"))
    return named
