"""The report as one HTML file that needs nothing else: no script, no network, no font."""

from __future__ import annotations

from itertools import groupby

from ipfs_accel_pipeline.reports import ranking
from ipfs_accel_pipeline.reports.charts import BATCH_HEIGHT, BATCH_WIDTH, DENSITY_HEIGHT
from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.rows import MatrixRow, Performance
from ipfs_accel_pipeline.reports.templating import html_environment


def render(content: ReportContent) -> str:
    template = html_environment().get_template("report.html.j2")
    return template.render(
        content=content,
        platforms={platform.hardware_id: platform for platform in content.platforms},
        measured_models={row.model_id for row in content.performance},
        reasons=[(row.model_id, cell) for row in content.compatibility.rows for cell in row.cells if cell.reason],
        families=_by_family(content),
        best=_best_of_pairs(content),
        by_platform=_by_platform(content),
        distributions={one.test_id: one for one in content.distributions},
        batch_size=(BATCH_WIDTH, BATCH_HEIGHT),
        density_height=DENSITY_HEIGHT,
    )


def _by_family(content: ReportContent) -> list[tuple[str, list[MatrixRow]]]:
    families = {model.model_id: model.model_family or "unknown" for model in content.models}
    rows = sorted(content.compatibility.rows, key=lambda row: (families[row.model_id], row.model_id))
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
