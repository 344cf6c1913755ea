import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from ipfs_accel_pipeline.benchmark.protocol import PROFILES
from ipfs_accel_pipeline.defs.benchmark_config import Profile
from ipfs_accel_pipeline.defs.runs import export_pool

HEAVY = ("torch", "transformers", "onnx", "onnxruntime", "openvino", "qai_hub", "nncf")


def test_the_code_location_loads_without_a_single_heavy_runtime():
    script = (
        "import sys; from ipfs_accel_pipeline.definitions import defs; defs();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_assets_are_the_tables_and_what_leads_to_and_from_them(definitions):
    assert {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()} == {
        "hardware_platforms",
        "models",
        "model_bundles",
        "measurements",
        "test_results",
        "performance_results",
        "power_metrics",
        "hardware_compatibility",
        "performance_changes",
        "recommendations",
        "snapshot",
        "reports",
        "imported_files",
    }


def test_every_asset_is_described_owned_grouped_and_of_a_kind(definitions):
    for spec in definitions.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name != "default", spec.key


def test_every_choice_of_the_launchpad_is_described_and_has_a_default(definitions):
    fields = definitions.resolve_job_def("benchmark").run_config_schema.config_type.fields
    choices = fields["resources"].config_type.fields["benchmark"].config_type.fields["config"].config_type.fields
    assert set(choices) >= {"models", "profile", "batch_sizes", "sequence_lengths", "precisions"}
    for name, choice in choices.items():
        assert choice.description, name
        assert not choice.is_required, name


def test_nothing_but_the_choices_of_a_benchmark_can_be_configured(definitions):
    """The webserver has no authentication: whoever reaches it must not be able to name a file."""
    fields = (
        definitions.resolve_job_def("benchmark").run_config_schema.config_type.fields["resources"].config_type.fields
    )
    configs = {name: field.config_type.fields.get("config") for name, field in fields.items()}
    kinds = {name: config.config_type for name, config in configs.items() if config}
    # Any (ignored) is a resource without a schema; a shape without fields refuses every setting.
    open_to_settings = {n for n, kind in kinds.items() if kind.kind.name != "ANY" and getattr(kind, "fields", True)}
    assert open_to_settings == {"benchmark"}


def test_exports_of_one_host_take_turns_and_measuring_holds_no_pool(definitions):
    graph = definitions.resolve_asset_graph()
    pools = {node.key.to_user_string(): node.pools for node in graph.asset_nodes if node.pools}
    assert list(pools) == ["model_bundles"]
    assert pools["model_bundles"] == {export_pool()}
    settings = yaml.safe_load(Path("data/dagster_home/dagster.yaml").read_text())["concurrency"]
    assert settings["pools"] == {"default_limit": 1, "granularity": "op"}


def test_the_profiles_of_the_launchpad_are_those_of_the_protocol():
    assert [profile.value for profile in Profile] == list(PROFILES)


def test_the_schedule_and_the_sensor_wait_to_be_turned_on(definitions):
    assert definitions.resolve_schedule_def("nightly_benchmarks").default_status is dg.DefaultScheduleStatus.STOPPED
    for sensor in ("new_hardware", "regression_notifications", "new_model_versions", "version_comparison"):
        assert definitions.resolve_sensor_def(sensor).default_status is dg.DefaultSensorStatus.STOPPED


@pytest.mark.parametrize("job", ["detect", "benchmark", "publish", "migrate"])
def test_every_job_says_what_it_is_for(definitions, job):
    assert definitions.resolve_job_def(job).description
