"""The report as GitHub-flavoured Markdown."""

from __future__ import annotations

from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.templating import markdown_environment


def render(content: ReportContent) -> str:
    platforms = {platform.hardware_id: platform for platform in content.platforms}
    return markdown_environment().get_template("report.md.j2").render(content=content, platforms=platforms)
