"""What the figures share: colours, markers, names and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ipfs_accel_pipeline.reports.wording import case

Figure = dict[str, Any]
Row = Mapping[str, Any]

COLOURS = 7  # of the palette in dashboard.css (Okabe and Ito's, safe for the colour-blind)
MARKERS = ("circle", "square", "diamond", "cross", "triangle-up", "x", "star")


def figure(data: list[dict[str, Any]], height: int = 420, **layout: Any) -> Figure:
    return {"data": data, "layout": {"height": height, **layout}}


def colour(number: int) -> str:
    return f"@series-{number % COLOURS + 1}"


def interval(rows: Sequence[Row]) -> dict[str, Any]:
    """Error bars to the ends of the 95 % intervals; none where an interval is unknown."""

    def reach(row: Row, end: str, sign: int) -> float:
        return 0 if row[end] is None else max(0.0, sign * (row[end] - row["p50_latency_ms"]))

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(row, "ci95_high_ms", 1) for row in rows],
        "arrayminus": [reach(row, "ci95_low_ms", -1) for row in rows],
    }


def hover(row: Row) -> str:
    parts = [
        f"<b>{_plain(short(row['model_id'], 60))}</b>",
        _plain(f"{row['hardware_id']} · {row['endpoint_type']}"),
        case(row["precision"], row["batch_size"], row["sequence_length"]),
    ]
    if not is_real(row):
        parts.append(f"not ranked: {row['not_ranked_reason']}")
    return "<br>".join(parts)


def is_real(row: Row) -> bool:
    """A measurement on real silicon."""
    return row["provenance"] == "measured" and row["acceleration"] == "hardware"


def short(name: str, limit: int = 28) -> str:
    """A long name with its middle left out, safe where plotly reads a little HTML."""
    text = " ".join(str(name).split())
    if len(text) > limit:
        text = f"{text[: limit // 2]}…{text[-(limit // 2 - 1) :]}"
    return _plain(text)


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def distinct(names: list[str]) -> list[str]:
    """The same names, told apart where two would fall together on an axis."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
