"""One report in a named format, and a report on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.reports import html, json, junit, markdown, model_index, openmetrics
from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.storage.whole_files import write_atomically

FORMATS: dict[str, Callable[[ReportContent], str]] = {
    "markdown": markdown.render,
    "html": html.render,
    "json": json.render,
}
SUFFIXES = {"markdown": ".md", "html": ".html", "json": ".json"}
# For other tools, written where they are asked for.
EXPORTS: dict[str, Callable[[ReportContent], str]] = {
    "junit": junit.render,
    "model-index": model_index.render,
    "openmetrics": openmetrics.render,
}


def render_report(content: ReportContent, format: str = "markdown") -> str:
    try:
        render = (FORMATS | EXPORTS)[format]
    except KeyError:
        known = ", ".join([*FORMATS, *EXPORTS])
        raise UsageError(f"There is no report format {format!r}. Choose one of: {known}.") from None
    return render(content)


def write_report(text: str, path: str | Path, remedy: str = "Name another --output.") -> Path:
    """Replace the file as a whole, so that a reader never sees half a report. Folders are made.

    UsageError with the remedy where that cannot be done.
    """
    path = Path(path)
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file in it, for example {path / 'report.md'}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise UsageError(f"The report cannot be written to {path}: {error.strerror}. {remedy}") from error
    return path


def _replace(path: Path, text: str) -> None:
    target = path.resolve()  # a link stays a link
    if target.exists() and not target.is_file():  # /dev/stdout and the like are written to, not replaced
        target.write_text(text, encoding="utf-8")
        return
    write_atomically(target, text.encode())
