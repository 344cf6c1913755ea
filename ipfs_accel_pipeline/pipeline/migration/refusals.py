"""What of one file becomes no row: the first places, and how many there are in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ipfs_accel_pipeline.storage.legacy_json.findings import LeftOut

_MOST_KEPT = 1000  # of one file: a large one of another shape than it seems may hold a million


@dataclass
class Refusals:
    kept: list[LeftOut] = field(default_factory=list)
    count: int = 0

    def append(self, one: LeftOut) -> None:
        self.count += 1
        if self.count <= _MOST_KEPT:
            self.kept.append(one)

    def extend(self, several: Iterable[LeftOut]) -> None:
        for one in several:
            self.append(one)

    @property
    def reason(self) -> str | None:
        """The first reason, and how many more there are."""
        if not self.kept:
            return None
        return self.kept[0].reason + (f" (and {self.count - 1} more places)" if self.count > 1 else "")

    def places(self) -> list[dict[str, str]]:
        places = [{"pointer": one.pointer, "reason": one.reason} for one in self.kept]
        if self.count > len(self.kept):
            more = self.count - len(self.kept)
            places.append({"pointer": "", "reason": f"{more} more places, for reasons of the same kind"})
        return places
