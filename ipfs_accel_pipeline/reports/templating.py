"""The template engine of the Markdown and the HTML report: escaping is the default, and a missing name is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ipfs_accel_pipeline.reports import charts, figures, wording
from ipfs_accel_pipeline.reports.foreign_text import markdown
from ipfs_accel_pipeline.reports.strips import strip_chart

_TEMPLATES = Path(__file__).parent / "templates"


def html_environment() -> Environment:
    return _environment(autoescape=True, finalize=_dash_for_none)


def markdown_environment() -> Environment:
    """Every printed value passes through `markdown`; what a template writes itself stays as it is."""
    return _environment(autoescape=False, finalize=_markdown_value)


def _environment(autoescape: bool, finalize: Callable[[Any], Any]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=autoescape,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= _FILTERS
    environment.globals["interval"] = figures.interval
    return environment


def _dash_for_none(value: Any) -> Any:
    return figures.DASH if value is None else value


def _markdown_value(value: Any) -> Any:
    return value if isinstance(value, Markup) else markdown(_dash_for_none(value))


def _case(row: Any) -> str:
    return wording.case(row.precision, row.batch_size, row.sequence_length)


def _runs_of(rows: Iterable[Any], attribute: str) -> list[tuple[Any, list[Any]]]:
    """Neighbouring rows with the same attribute; unlike Jinja's groupby it keeps the order and allows None."""
    return [(key, list(group)) for key, group in groupby(rows, key=attrgetter(attribute))]


_FILTERS: dict[str, Callable[..., Any]] = {
    "unit": figures.with_unit,
    "percent": figures.percent,
    "moment": figures.moment,
    "status": wording.status,
    "kind": wording.kind,
    "cell": wording.cell,
    "case": _case,
    "rank": wording.rank,
    "labels": wording.labels,
    "shared_labels": wording.shared_labels,
    "availability": wording.availability,
    "platform_labels": wording.platform_labels,
    "compared": lambda row: wording.compared(row.verdict, row.reason),
    "further_models": wording.further_models,
    "best": wording.best,
    "power_source": wording.power_source,
    "environment": wording.environment,
    "runs_of": _runs_of,
    "latency_bars": charts.latency_bars,
    "batch_chart": charts.batch_chart,
    "density_path": charts.density_path,
    "strip_chart": strip_chart,
    "why_no_energy": wording.why_no_energy,
    "change": wording.change,
    "significant": figures.significant,
    "tick": figures.tick,
}
