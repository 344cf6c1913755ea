"""The JSON Schema of the JSON report, derived from the records it is made of; the package holds it as a file.

`python -m ipfs_accel_pipeline.reports.json_schema` writes that file anew; a test fails where it is out of date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.json import SCHEMA_VERSION, UNITS

PATH = Path(__file__).parent / f"report-v{SCHEMA_VERSION}.schema.json"


def report_schema() -> dict[str, Any]:
    """Draft 2020-12. Further keys are allowed: a newer package may add some without a new version."""
    schema = TypeAdapter(ReportContent).json_schema(mode="serialization")
    schema["properties"] = {
        "schema_version": {"const": SCHEMA_VERSION},
        "units": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "What the endings of the keys mean: "
            + "; ".join(f"{ending}: {unit}" for ending, unit in UNITS.items()),
        },
        **schema["properties"],
    }
    schema["required"] = ["schema_version", "units", *schema["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "JSON report", **schema}


def as_text() -> str:
    return json.dumps(report_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(as_text(), encoding="utf-8")
