"""A Dagster instance of its own for every test, with this machine's hardware known to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
import pytest

from ipfs_accel_pipeline.definitions import defs
from ipfs_accel_pipeline_tests.workshop import TINY, Workshop

HARDWARE = "hardware"


@pytest.fixture(scope="session")
def definitions() -> dg.Definitions:
    return defs()


@pytest.fixture
def instance(workshop: Workshop) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp() as instance:
        yield instance


@pytest.fixture
def run_config() -> dict[str, Any]:
    config = {"models": [TINY], "profile": "smoke", "weights": "random"}
    return {"resources": {"benchmark": {"config": config}}}


Launch = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def launch(definitions: dg.Definitions, instance: dg.DagsterInstance, run_config: dict[str, Any]) -> Launch:
    """Run a job to its end in this process; the benchmark itself still has processes of its own."""

    def run(job: str, partition: str | None = None, config: dict[str, Any] | None = None, **options: Any) -> Any:
        return definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            partition_key=partition,
            run_config=config or (run_config if job == "benchmark" else None),
            raise_on_error=False,
            **options,
        )

    return run


@pytest.fixture
def hardware(launch: Launch, instance: dg.DagsterInstance) -> list[str]:
    """The partitions that the detection found."""
    assert launch("detect").success
    return sorted(instance.get_dynamic_partitions(HARDWARE))


@pytest.fixture
def openvino(hardware: list[str]) -> str:
    """The partition that is quickest to measure."""
    return next(key for key in hardware if key.startswith("openvino-cpu"))
