"""What to measure, as the launchpad asks for it: one place for a whole run, with defaults that need no change.

Names only: run configuration carries no paths and no commands, because the webserver has no authentication.
"""

import os
from enum import Enum

import dagster as dg
from pydantic import Field

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.spec import ModelSpec
from ipfs_accel_pipeline.pipeline.config import RunConfig
from ipfs_accel_pipeline.pipeline.run import unique
from ipfs_accel_pipeline.records import PRECISIONS
from ipfs_accel_pipeline.settings import load_settings


class Profile(Enum):
    """The profiles of the protocol, as a choice in the launchpad."""

    smoke = "smoke"
    quick = "quick"
    standard = "standard"
    thorough = "thorough"


class BenchmarkConfig(dg.ConfigurableResource):
    """The choices of one run."""

    models: list[str] = Field(
        default=[],
        description="Ids or short names from the catalogue, or Hugging Face ids; empty: the small default models.",
    )
    profile: Profile = Field(
        default=Profile.standard,
        description="smoke: one short round; quick: three short ones; standard: three; thorough: five long ones.",
    )
    precisions: list[str] = Field(
        default=[],
        description=f"Any of {', '.join(PRECISIONS)}; empty: fp32, or fp16 on an NPU, which has no fp32.",
    )
    batch_sizes: list[int] = Field(default=[1], description="Items per inference.")
    sequence_lengths: list[int] = Field(
        default=[], description="Tokens per item, for models that have a token axis; empty: each model's own default."
    )
    weights: str = Field(
        default="auto",
        description="auto: pretrained where they are at hand, else random; pretrained: ask the hub; or random.",
    )
    threads: int | None = Field(default=None, description="Compute threads; default: one per physical core.")
    memory_limit_mb: float | None = Field(
        default=None, description="Memory of one benchmark process in MiB; default: nine tenths of the machine's."
    )
    new_tokens: int | None = Field(
        default=None,
        description="Tokens that models which write text append to a prompt; default: the profile's; 0: none.",
    )

    def run_config(self) -> RunConfig:
        """Checked; what is wrong fails the step with the message alone."""
        try:
            return RunConfig(
                models=tuple(self.models),
                profile=self.profile.value,
                precisions=tuple(self.precisions),
                batch_sizes=tuple(self.batch_sizes),
                sequence_lengths=tuple(self.sequence_lengths),
                weights=self.weights,
                threads=self.threads,
                memory_limit_mb=self.memory_limit_mb,
                new_tokens=self.new_tokens,
            )
        except UsageError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    def specs(self) -> list[ModelSpec]:
        """The chosen models, in the order given."""
        catalogue = load_catalogue(load_settings().user_catalogue)
        try:
            return unique([find_model(_name(name), catalogue) for name in self.models or catalogue.defaults])
        except UsageError as error:
            raise dg.Failure(str(error), allow_retries=False) from error


def _name(name: str) -> str:
    if os.path.exists(name) or name.startswith((".", "/", "~")) or name.endswith((".onnx", ".xml")) or "\\" in name:
        raise UsageError(
            f"{name!r} is a path, and a run from the UI takes names only. Give the file a name in the catalogue file "
            "that BENCHMARK_CATALOGUE points at, or measure it with `ipfs-accel run --models`."
        )
    return name
