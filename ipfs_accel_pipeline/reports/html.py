"""The report as one HTML file that needs nothing else: no network, no font, and no script to be read.

Its policy lets a browser run and apply only what stands in our own files, whatever the names and errors in it hold.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from itertools import groupby
from pathlib import Path

from markupsafe import Markup

from ipfs_accel_pipeline.reports import ranking
from ipfs_accel_pipeline.reports.charts import BATCH_HEIGHT, BATCH_WIDTH
from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.rows import MatrixRow, Performance
from ipfs_accel_pipeline.reports.templating import html_environment

_PARTS = Path(__file__).parent / "templates" / "html"
# The marks of the hardware types, in the order of `HardwareType`: told apart by shape, with or without colour.
_MARK_PATHS = (
    "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0",
    "M-2.8-2.8h5.6v5.6h-5.6z",
    "M0-4L4 0 0 4-4 0z",
    "M0-3.6L3.6 3H-3.6z",
    "M0 3.6L3.6-3H-3.6z",
    "M-1.1-3.6h2.2v2.5h2.5v2.2h-2.5v2.5h-2.2v-2.5h-2.5v-2.2h2.5z",
    "M-3.4-1.9L-1.9-3.4 0-1.5 1.9-3.4 3.4-1.9 1.5 0 3.4 1.9 1.9 3.4 0 1.5-1.9 3.4-3.4 1.9-1.5 0z",
    "M-3.6-2h7.2v4h-7.2z",
)


def render(content: ReportContent) -> str:
    template = html_environment().get_template("report.html.j2")
    style, script = ((_PARTS / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    return template.render(
        content=content,
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'",
        types={platform.hardware_id: platform.hardware_type for platform in content.platforms},
        mark_paths=_MARK_PATHS,
        platforms={platform.hardware_id: platform for platform in content.platforms},
        measured_models={row.model_id for row in content.performance},
        reasons=[(row.model_id, cell) for row in content.compatibility.rows for cell in row.cells if cell.reason],
        families=_by_family(content),
        best=_best_of_pairs(content),
        by_platform=_by_platform(content),
        distributions={one.test_id: one for one in content.distributions},
        batch_size=(BATCH_WIDTH, BATCH_HEIGHT),
    )


def _hash(text: str) -> str:
    """The text of an inline element as a Content-Security-Policy names it."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _by_family(content: ReportContent) -> list[tuple[str, list[MatrixRow]]]:
    families = {model.model_id: model.model_family or "unknown" for model in content.models}
    listed = (row for row in content.compatibility.rows if row.model_id not in content.without_test)
    rows = sorted(listed, key=lambda row: (families[row.model_id], row.model_id))
    return [(family, list(group)) for family, group in groupby(rows, key=lambda row: families[row.model_id])]


def _by_platform(content: ReportContent) -> list[tuple[str, list[Performance]]]:
    rows = sorted(content.performance, key=lambda row: row.hardware_id)  # stable: within a platform model by model
    return [(hardware_id, list(group)) for hardware_id, group in groupby(rows, key=lambda row: row.hardware_id)]


def _best_of_pairs(content: ReportContent) -> dict[tuple[str, str], Performance]:
    """The result that stands in a cell of the matrix: a fastest one if the pair has any, else its lowest median."""
    pairs: dict[tuple[str, str], list[Performance]] = {}
    for row in content.performance:
        if row.not_ranked_reason is None:
            pairs.setdefault((row.model_id, row.hardware_id), []).append(row)
    best = {}
    for pair, rows in pairs.items():
        leaders = [row for row in rows if row.rank in ("fastest", "tied")]
        chosen = ranking.best(leaders or rows)
        if chosen is not None:
            best[pair] = chosen
    return best
