"""The state of a screen as it stands in its URL, and what of it the queries are asked.

A parameter that is empty is not there: a form sends its empty fields too.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ipfs_accel_pipeline.records import PRECISIONS


def _without_empty(value: Any) -> Any:
    return [one for one in value if one != ""] if isinstance(value, list) else value


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


_LONGEST = 500  # characters: no id, version or name is longer, and a URL has an end

Name = Annotated[str, Field(max_length=_LONGEST)]
Count = Annotated[int, Field(ge=1, le=2**31 - 1)]  # the INTEGER of the tables
Names = Annotated[list[Name], BeforeValidator(_without_empty), Field(max_length=200)]
Counts = Annotated[list[Count], BeforeValidator(_without_empty), Field(max_length=200)]
OneName = Annotated[Name | None, BeforeValidator(_none_if_empty)]
OneCount = Annotated[Count | None, BeforeValidator(_none_if_empty)]


class Filters(BaseModel):
    """Which cases a screen is about. Each may be given several times: a case must match one value of each."""

    model_config = ConfigDict(extra="ignore")

    model: Names = Field(default=[], description="Model ids.")
    hardware: Names = Field(default=[], description="Hardware ids.")
    type: Names = Field(default=[], description="Hardware types: CPU, CUDA, OpenVINO, ...")
    family: Names = Field(default=[], description="Model families: bert, vit, ...")
    model_type: Names = Field(default=[], description="text_encoder, vision, ...")
    endpoint: Names = Field(default=[], description="pytorch, onnxruntime, openvino, ...")
    precision: Names = Field(default=[], description=", ".join((*PRECISIONS, "unknown")))
    batch: Counts = Field(default=[], description="Batch sizes.")
    sequence: Counts = Field(default=[], description="Sequence lengths in tokens.")
    provenance: Names = Field(default=[], description="measured, imported, emulated")
    acceleration: Names = Field(default=[], description="hardware, software, emulated")
    status: Names = Field(default=[], description="passed, failed, error, crashed, timeout, ...")

    def for_queries(self) -> dict[str, list[Any]]:
        """By the names that storage knows."""
        return {
            "models": self.model,
            "hardware": self.hardware,
            "hardware_types": self.type,
            "families": self.family,
            "model_types": self.model_type,
            "endpoints": self.endpoint,
            "precisions": self.precision,
            "batch_sizes": self.batch,
            "sequence_lengths": self.sequence,
            "provenances": self.provenance,
            "accelerations": self.acceleration,
            "statuses": self.status,
        }

    def chosen(self) -> dict[str, list[Any]]:
        """The filters that are set, by their names in the URL."""
        return {name: values for name in Filters.model_fields if (values := getattr(self, name))}


def url_of(path: str, **state: Any) -> str:
    """A link to a screen in a state; what is None or empty is left out."""
    given = {name: value for name, value in state.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path
