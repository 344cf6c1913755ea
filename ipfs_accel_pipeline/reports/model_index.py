"""Results as a Hugging Face `model-index`, as it stands in the front matter of a model card.

Only measured results on real hardware are in it: a model card has no place for a label that says otherwise. The inputs
are generated, and the data set of each result says so. JSON is YAML too, so no YAML writer is needed.
"""

from __future__ import annotations

import json
from datetime import UTC
from itertools import groupby
from typing import Any

from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.rows import ModelStatistic, Performance
from ipfs_accel_pipeline.reports.wording import case

_DATASET = {"name": "Generated inputs of the stated shape", "type": "generated-inputs"}
_METRICS = (
    ("latency_ms", "p50 latency (ms)", "p50_latency_ms"),
    ("latency_p99_ms", "p99 latency (ms)", "p99_latency_ms"),
    ("throughput", "Throughput (items/s)", "throughput_items_per_second"),
    ("memory_peak_mib", "Peak memory (MiB)", "memory_peak_mb"),
    ("items_per_joule", "Energy efficiency (items/J)", "energy_efficiency_items_per_joule"),
)


def render(content: ReportContent) -> str:
    models = {model.model_id: model for model in content.models}
    ranked = [row for row in content.performance if row.not_ranked_reason is None]
    index = [
        {"name": models[model_id].model_name, "results": [_result(row, models[model_id]) for row in rows]}
        for model_id, rows in groupby(ranked, key=lambda row: row.model_id)
    ]
    return f"---\n{json.dumps({'model-index': index}, indent=2, ensure_ascii=False, allow_nan=False)}\n---\n"


def _result(row: Performance, model: ModelStatistic) -> dict[str, Any]:
    where = f"{row.hardware_id}, {row.endpoint_type}"
    shape = case(row.precision, row.batch_size, row.sequence_length)
    return {
        "task": {"type": model.task or "other", "name": f"Inference on {where}, {shape}"},
        "dataset": {**_DATASET, "config": shape, "args": _arguments(row)},
        "metrics": [
            {"type": kind, "name": name, "value": value}
            for kind, name, column in _METRICS
            if (value := getattr(row, column)) is not None
        ],
    }


def _arguments(row: Performance) -> dict[str, Any]:
    names = ("hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "threads", "weights")
    known = {name: value for name in names if (value := getattr(row, name)) is not None}
    return known | {"measured_at": row.test_timestamp.astimezone(UTC).isoformat()}
