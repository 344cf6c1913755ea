"""From a screen to HTML: the template engine with the words and figures of the reports."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ipfs_accel_pipeline.analysis.circumstances import in_words
from ipfs_accel_pipeline.analysis.metrics import METRICS
from ipfs_accel_pipeline.dashboard.filters import url_of
from ipfs_accel_pipeline.dashboard.registry import SCREENS, Entry
from ipfs_accel_pipeline.dashboard.screens.trends import link_to
from ipfs_accel_pipeline.reports import figures, wording
from ipfs_accel_pipeline.reports.foreign_text import first_line

_TEMPLATES = Path(__file__).parent / "templates"

FILTER_LABELS = {
    "type": "Hardware type",
    "family": "Family",
    "model_type": "Model type",
    "precision": "Precision",
    "batch": "Batch",
    "endpoint": "Endpoint",
    "provenance": "Provenance",
    "acceleration": "Acceleration",
    "status": "Status",
    "model": "Model",
    "hardware": "Platform",
}


def render_page(request: Request, entry: Entry | None, context: dict[str, Any]) -> str:
    """The page of a screen; without an entry the description of the API."""
    screen = context.get("screen")
    template = _environment().get_template(f"{screen.template}.html" if screen else "api.html")
    published_at = request.app.state.office.snapshot.published_at
    shared = {"entry": entry, "query": request.url.query, "published_at": published_at}
    shared |= screen.context if screen else {}
    return template.render(**_frame(), **{**context, **shared})


def render_error(request: Request, title: str, message: str) -> str:
    return _environment().get_template("error.html").render(**_frame(), entry=None, title=title, message=message)


def _frame() -> dict[str, Any]:
    return {"menu": [entry for entry in SCREENS if entry.label], "labels": FILTER_LABELS}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=lambda value: figures.DASH if value is None else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "unit": figures.with_unit,
        "significant": figures.significant,
        "percent": figures.percent,
        "moment": figures.moment,
        "status": wording.status,
        "kind": wording.kind,
        "case": lambda row: wording.case(row["precision"], row["batch_size"], row["sequence_length"]),
        "labels_of": _labels,
        "rank": _rank,
        "first_line": first_line,
        "in_words": in_words,
        "metric": lambda name: METRICS[name].title,
        "script_json": _script_json,
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False, default=str),
    }
    environment.globals |= {
        "interval": figures.interval,
        "imitation": wording.imitation,
        "compared": wording.compared,
        "url_of": url_of,
        "trend_of": link_to,
        "regression_of": lambda row: link_to(row | {"provenance": "measured"}),
    }
    return environment


def _labels(row: Any) -> list[str]:
    """What a reader must know before trusting the number."""
    return [
        *([row["provenance"]] if row["provenance"] != "measured" else []),
        *wording.imitation(row["provenance"], row.get("acceleration")),
        *(["noisy"] if row.get("is_noisy") else []),
        *(["one round"] if row.get("rounds") == 1 else []),
        *wording.slow_rounds(row.get("slow_rounds"), row.get("rounds")),
        *(["random weights"] if row.get("weights") == "random" else []),
        *([f"{row['threads']} thread{'' if row['threads'] == 1 else 's'}"] if row.get("threads") else []),
    ]


def _rank(row: Any) -> str:
    if row["not_ranked_reason"]:
        return f"not ranked: {row['not_ranked_reason']}"
    return wording.RANKS.get(row["rank"]) or f"{figures.significant(row['p50_ratio_to_fastest'])} × as long"


def _script_json(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
