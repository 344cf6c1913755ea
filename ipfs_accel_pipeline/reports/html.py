"""The report as one HTML file that needs nothing else: no script, no network, no font."""

from __future__ import annotations

from ipfs_accel_pipeline.reports.charts import WIDTH
from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.templating import html_environment


def render(content: ReportContent) -> str:
    template = html_environment().get_template("report.html.j2")
    return template.render(
        content=content,
        platforms={platform.hardware_id: platform for platform in content.platforms},
        measured_models={row.model_id for row in content.performance},
        reasons=[(row.model_id, cell) for row in content.compatibility.rows for cell in row.cells if cell.reason],
        bar_width=WIDTH,
    )
