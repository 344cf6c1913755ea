"""Real materializations on a real database."""

import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from ipfs_accel_pipeline.defs.io_managers import PipelineDuckDBIOManager
from ipfs_accel_pipeline.records import HardwarePlatform, Model
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline_tests import fakes

HARDWARE = dg.DynamicPartitionsDefinition(name="hardware")
OUTCOME: dict[str, Any] = {}  # what the fake benchmark finds; each test sets it
SEEN: dict[str, Any] = {}  # what a reader was given


@dg.asset
def hardware_platforms() -> list[HardwarePlatform]:
    return [fakes.hardware_row(hardware_id=name) for name in ("cpu-a", "cpu-b")]


@dg.asset
def models() -> pd.DataFrame:
    return pd.DataFrame([asdict(fakes.model_row())])


@dg.asset(name="test_results", partitions_def=HARDWARE, deps=[hardware_platforms, models])
def outcomes(context: dg.AssetExecutionContext) -> pd.DataFrame:
    run_id = context.run.root_run_id or context.run.run_id
    row = fakes.test_row(id=f"{run_id}-{context.partition_key}", run_id=run_id, hardware_id=context.partition_key)
    return pd.DataFrame([asdict(row) | OUTCOME])


@dg.asset(partitions_def=HARDWARE, deps=[outcomes])
def hardware_compatibility(context: dg.AssetExecutionContext) -> pd.DataFrame:
    key = context.partition_key
    row = fakes.compatibility_row(id=f"{key}-{context.run.run_id}", hardware_id=key)
    return pd.DataFrame([asdict(row)]) if OUTCOME.get("compatible", True) else pd.DataFrame()


@dg.asset(partitions_def=HARDWARE)
def partition_reader(test_results: pd.DataFrame) -> None:
    SEEN["rows"] = test_results


@dg.asset(partitions_def=HARDWARE, ins={"test_results": dg.AssetIn(metadata={"scope": "all"})})
def all_reader(test_results: pd.DataFrame) -> None:
    SEEN["rows"] = test_results


@dg.asset(ins={"test_results": dg.AssetIn(metadata={"scope": "batch", "columns": ["id", "run_id"]})})
def batch_reader(test_results) -> None:
    SEEN["rows"] = test_results


@dg.asset(ins={"test_results": dg.AssetIn(metadata={"scope": "everything"})})
def confused_reader(test_results) -> None: ...


@dg.asset
def record_reader(models: list[Model]) -> None:
    SEEN["rows"] = models


@dg.asset
def scratch() -> pd.DataFrame:
    return pd.DataFrame({"a": [1]})


ASSETS = [value for value in list(globals().values()) if isinstance(value, dg.AssetsDefinition)]


class Pipeline:
    """Dagster, as a user sees it, over one database."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.instance = dg.DagsterInstance.ephemeral()
        self.instance.add_dynamic_partitions("hardware", ["cpu-a", "cpu-b"])
        self.io_manager = PipelineDuckDBIOManager(database=str(database), lock_timeout_s=5)

    def run(self, *assets: Any, partition: str | None = None, **options: Any) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            ASSETS,
            selection=list(assets),
            partition_key=partition,
            instance=self.instance,
            resources={"io_manager": self.io_manager},
            **options,
        )

    def rerun(self, asset: Any, root_run_id: str, partition: str | None = None) -> Any:
        """What "re-execute" in the UI does: another run whose root is the first one."""
        again = dg.define_asset_job("again", [asset])
        definitions = dg.Definitions(
            ASSETS, executor=dg.in_process_executor, resources={"io_manager": self.io_manager}, jobs=[again]
        )
        job = definitions.resolve_job_def("again")
        run = self.instance.create_run_for_job(
            job,
            tags={"dagster/partition": partition} if partition else {},
            parent_run_id=root_run_id,
            root_run_id=root_run_id,
        )
        return execute_run(InMemoryJob(job), run, self.instance, raise_on_error=True)

    def stored(self, table: str) -> list[Any]:
        with open_database(self.database, lock_timeout_s=5) as connection:
            return read_rows(connection, table)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A database with the two platforms and the model, made the way a user makes it."""
    pipeline = Pipeline(tmp_path_factory.mktemp("template") / "benchmark.duckdb")
    pipeline.run(hardware_platforms, models)
    return pipeline


@pytest.fixture
def pipeline(tmp_path, template):
    OUTCOME.clear()
    SEEN.clear()
    return Pipeline(Path(shutil.copyfile(template.database, tmp_path / "benchmark.duckdb")))


def test_records_and_frames_are_stored_in_the_table_of_the_asset(template):
    assert template.stored("models") == [fakes.model_row()]
    assert [row.hardware_id for row in template.stored("hardware_platforms")] == ["cpu-a", "cpu-b"]


def test_a_new_run_adds_to_the_history_and_other_partitions_stay(pipeline):
    runs = [pipeline.run(outcomes, partition=key).run_id for key in ("cpu-a", "cpu-b", "cpu-a")]
    assert sorted((row.run_id, row.hardware_id) for row in pipeline.stored("test_results")) == sorted(
        zip(runs, ["cpu-a", "cpu-b", "cpu-a"], strict=True)
    )


def test_a_reexecution_rewrites_its_own_rows(pipeline):
    first = pipeline.run(outcomes, partition="cpu-a")
    OUTCOME["execution_time"] = 77.0
    assert pipeline.rerun(outcomes, first.run_id, partition="cpu-a").success
    assert [row.execution_time for row in pipeline.stored("test_results")] == [77.0]


def test_a_parent_can_be_materialized_again_while_children_refer_to_it(pipeline):
    pipeline.run(outcomes, partition="cpu-a")
    assert pipeline.run(hardware_platforms, models).success
    assert len(pipeline.stored("test_results")) == 1


def test_a_derived_table_replaces_its_own_partition_only(pipeline):
    for key in ("cpu-a", "cpu-b"):
        pipeline.run(hardware_compatibility, partition=key)
    OUTCOME["compatible"] = False
    result = pipeline.run(hardware_compatibility, partition="cpu-a")
    assert [row.hardware_id for row in pipeline.stored("hardware_compatibility")] == ["cpu-b"]
    assert metadata_of(result, "hardware_compatibility")["rows_removed"] == 1


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: entry.value for name, entry in event.metadata.items()}


def test_the_ui_shows_what_was_written(pipeline):
    shown = metadata_of(pipeline.run(outcomes, partition="cpu-a"), "test_results")
    assert (shown["rows_written"], shown["rows_added"], shown["rows_rewritten"]) == (1, 1, 0)
    assert (shown["dagster/row_count"], shown["write_policy"]) == (1, "append")
    assert shown["db_lock_wait_s"] >= 0
    columns = {column.name: column for column in shown["dagster/column_schema"].columns}
    assert (columns["batch_size"].type, columns["id"].constraints.nullable) == ("INTEGER", False)
    assert columns["execution_time"].description.startswith("Seconds")


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ({"model_id": "m-404"}, "model_id 'm-404' is not in models. Load it first"),
        ({"hardware_id": "cpu-b"}, "lies outside of {'hardware_id': \\['cpu-a'\\]}"),
        ({"colour": "red"}, "test_results has no column colour"),
        ({"id": None}, "id is missing"),
    ],
)
def test_a_refused_write_fails_the_run_and_leaves_everything_as_it_was(pipeline, outcome, message):
    pipeline.run(outcomes, partition="cpu-a")
    before = pipeline.stored("test_results")
    OUTCOME.update(outcome)
    result = pipeline.run(outcomes, partition="cpu-a", raise_on_error=False)
    assert not result.success
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    assert re.search(message, str(failure.event_specific_data.error))
    assert pipeline.stored("test_results") == before


def test_an_input_has_the_rows_of_its_partition(pipeline):
    for key in ("cpu-a", "cpu-b"):
        pipeline.run(outcomes, partition=key)
    pipeline.run(partition_reader, partition="cpu-b")
    assert SEEN["rows"]["hardware_id"].tolist() == ["cpu-b"]
    assert SEEN["rows"]["details"].tolist() == [{"rounds": 3}]


def test_scope_all_has_the_rows_of_retired_hardware_too(pipeline):
    for key in ("cpu-a", "cpu-b"):
        pipeline.run(outcomes, partition=key)
    pipeline.instance.delete_dynamic_partition("hardware", "cpu-b")
    pipeline.run(all_reader, partition="cpu-a")
    assert sorted(SEEN["rows"]["hardware_id"]) == ["cpu-a", "cpu-b"]


def test_scope_batch_has_the_rows_of_this_run_and_chosen_columns(pipeline):
    pipeline.run(outcomes, partition="cpu-a")
    root = pipeline.stored("test_results")[0].run_id
    pipeline.run(outcomes, partition="cpu-a")
    pipeline.rerun(batch_reader, root)
    assert SEEN["rows"].to_dict("records") == [{"id": f"{root}-cpu-a", "run_id": root}]


def test_an_unknown_scope_is_named_with_those_that_exist(pipeline):
    with pytest.raises(Exception, match=r"scope 'everything'. Scopes: partition, all, batch"):
        pipeline.run(confused_reader)


def test_an_input_of_records_gets_records(pipeline):
    pipeline.run(record_reader)
    assert SEEN["rows"] == [fakes.model_row()]


def test_an_input_from_a_database_that_nobody_made_yet_is_empty_with_all_columns(tmp_path):
    pipeline = Pipeline(tmp_path / "new" / "benchmark.duckdb")
    pipeline.run(partition_reader, partition="cpu-a")
    assert SEEN["rows"].empty
    assert "parity_cosine" in SEEN["rows"].columns


def test_without_any_partition_an_unpartitioned_input_is_empty(pipeline):
    pipeline.run(outcomes, partition="cpu-a")
    for key in ("cpu-a", "cpu-b"):
        pipeline.instance.delete_dynamic_partition("hardware", key)
    pipeline.run(batch_reader)
    assert SEEN["rows"].empty


def test_an_asset_without_a_table_is_refused_with_the_way_out(pipeline):
    with pytest.raises(Exception, match=r"no table 'scratch' for the asset scratch. Add a migration"):
        pipeline.run(scratch)


def test_the_path_comes_from_the_environment_when_the_run_starts(tmp_path, monkeypatch):
    io_manager = PipelineDuckDBIOManager()
    monkeypatch.setenv("BENCHMARK_DB_PATH", str(tmp_path / "named.duckdb"))
    dg.materialize([models], resources={"io_manager": io_manager})
    assert (tmp_path / "named.duckdb").exists()


def test_the_database_is_free_after_a_failed_write(pipeline):
    OUTCOME["status"] = "great"
    pipeline.run(outcomes, partition="cpu-a", raise_on_error=False)
    assert pipeline.stored("test_results") == []  # opens it with a short deadline
