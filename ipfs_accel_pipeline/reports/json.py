"""The report as JSON for other programs.

One object: `schema_version`, `units` (what the endings of the keys mean), then the fields of
`content.ReportContent` by their names, each record as in `rows`. Times are ISO 8601 in UTC ("2026-03-01T12:00:00Z").
Unknown is null; NaN and infinity never occur. Adding keys keeps the schema version; renaming or removing one, or
changing a meaning, raises it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ipfs_accel_pipeline.reports.content import ReportContent

SCHEMA_VERSION = 1

UNITS = {
    "_at, since, timestamp": "ISO 8601, UTC",
    "_celsius_avg, _celsius_peak": "degrees Celsius",
    "_mb": "MiB",
    "_million": "millions",
    "_ms": "milliseconds",
    "_per_joule": "per joule",
    "_per_second": "per second",
    "_rate": "share from 0 to 1",
    "_ratio": "no unit",
    "_s": "seconds",
    "_watts_avg, _watts_peak": "watts",
}


def render(content: ReportContent) -> str:
    document = {"schema_version": SCHEMA_VERSION, "units": UNITS, **asdict(content)}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_plain) + "\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no place in a report")
