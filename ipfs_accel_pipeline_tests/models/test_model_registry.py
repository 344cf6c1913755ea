"""Named places and the MLflow adapter. The registry tests use a real sqlite store, where MLflow is installed."""

from dataclasses import asdict, replace

import pytest

from ipfs_accel_pipeline.analysis.candidates import Wish, groups
from ipfs_accel_pipeline.analysis.recommendation import judge
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue
from ipfs_accel_pipeline.models.model_registry import is_registry_name, resolve, suitability_tags, write_tags
from ipfs_accel_pipeline.models.sources import current_revision
from ipfs_accel_pipeline.models.store import bundle_folder
from ipfs_accel_pipeline.models.versions import describe_version, version_id, version_row
from ipfs_accel_pipeline.models.watching import current_revisions
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.pipeline.recommending import evidence, tag_registry
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID, NOON
from ipfs_accel_pipeline_tests.pipeline.nights import night, seal


@pytest.fixture
def folder(tmp_path):
    """A transformers folder without weights files: enough to be described."""
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=50,
        architectures=["BertModel"], dtype="float16",
    )  # fmt: skip
    config.save_pretrained(tmp_path / "my-bert")
    return tmp_path / "my-bert"


@pytest.fixture
def catalogue_file(folder):
    path = folder.parent / "catalogue.toml"
    path.write_text('["me/mine"]\npath = "./my-bert"\naliases = ["mine"]\n')
    return path


def test_a_place_of_the_catalogue_is_a_model_by_its_name_from_anywhere(catalogue_file, folder, monkeypatch):
    monkeypatch.chdir("/")
    catalogue = load_catalogue(catalogue_file)
    spec = find_model("mine", catalogue)
    assert (spec.model_id, spec.source, spec.path) == ("me/mine", "folder", str(folder))
    assert "me/mine" not in catalogue  # it is described only when asked for


def test_a_place_is_found_by_the_last_part_of_its_name_and_suggested_for_a_slip(catalogue_file):
    catalogue_file.write_text('["me/my-own-bert"]\npath = "./my-bert"\n')
    catalogue = load_catalogue(catalogue_file)
    assert find_model("my-own-bert", catalogue).model_id == "me/my-own-bert"
    with pytest.raises(UsageError, match="Did you mean my-own-bert"):
        find_model("my-own-bret", catalogue)


def test_a_place_with_an_architecture_beside_it_is_refused(catalogue_file):
    catalogue_file.write_text('["me/mine"]\npath = "./my-bert"\nfamily = "bert"\n')
    with pytest.raises(UsageError, match="leave out family"):
        load_catalogue(catalogue_file)


def test_a_changed_folder_has_another_revision_and_a_missing_one_none(catalogue_file, folder):
    before = current_revisions(str(catalogue_file))
    (folder / "model.safetensors").write_bytes(b"other weights")
    after = current_revisions(str(catalogue_file))
    assert before["me/mine"] != after["me/mine"]
    assert after["me/mine"] == current_revision(str(folder))
    (folder / "config.json").unlink()
    assert current_revisions(str(catalogue_file)) == {}


def test_a_version_is_described_by_source_revision_and_the_precision_it_came_in(catalogue_file, tmp_path):
    spec = find_model("mine", load_catalogue(catalogue_file))
    described = describe_version(spec, tmp_path / "bundles", "auto")
    assert (described["source"], described["repository"], described["weights"]) == ("folder", "my-bert", "pretrained")
    assert described["revision"].startswith("sha256:")
    assert described["precision"] == "fp16"
    assert described["weights_digest"] is None  # nothing is prepared yet
    row = version_row("v1", spec, described, NOON)
    assert asdict(row)["model_id"] == "me/mine"


def test_a_folder_and_both_registered_versions_of_it_share_the_bundle_and_have_each_an_id(folder, tmp_path):
    of_folder = find_model(str(folder), load_catalogue(None))
    first, second = (
        replace(of_folder, model_id="mlflow/my-bert", revision=f"mlflow:my-bert/{number}") for number in (1, 2)
    )
    specs = of_folder, first, second
    assert len({bundle_folder(spec, tmp_path).name for spec in specs}) == 1
    described = [describe_version(spec, tmp_path / "bundles", "auto") for spec in specs]
    ids = [version_id(spec.model_id, one) for spec, one in zip(specs, described, strict=True)]
    assert len(set(ids)) == 3
    assert version_id(second.model_id, describe_version(second, tmp_path / "bundles", "auto")) == ids[2]


@pytest.mark.parametrize("name", ["models:/", "models:/a", "models:/a/latest", "models:/a/1/2"])
def test_a_registry_name_without_a_version_is_refused(name):
    assert is_registry_name(name)
    with pytest.raises(UsageError, match="models:/name/3"):
        resolve(name)


def test_suitability_is_written_as_verdict_and_latency():
    assert suitability_tags([("cpu-x", "recommended", 9.5), ("gpu-y", "ruled_out", None)]) == {
        "suitability.cpu-x": "recommended, 9.5 ms",
        "suitability.gpu-y": "ruled_out",
    }


@pytest.fixture
def registry(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="not installed: the extra [mlflow]")
    pytest.importorskip("sqlalchemy")
    uri = f"sqlite:///{tmp_path / 'registry.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    try:
        client = mlflow.MlflowClient()
        client.create_registered_model("my-bert")
    except ImportError as error:  # the slim package has no store of its own
        pytest.skip(f"this MLflow has no sqlite store: {error}")
    return client


def test_a_registered_version_is_resolved_by_number_and_alias_and_takes_tags(registry, folder):
    registry.create_model_version("my-bert", source=str(folder))
    registry.set_registered_model_alias("my-bert", "champion", "1")
    version = resolve("models:/my-bert@champion")
    assert (version.name, version.version, version.aliases) == ("my-bert", "1", ("champion",))
    write_tags(version, {"suitability.cpu-x": "recommended"})
    assert resolve("models:/my-bert/1").tags == {"suitability.cpu-x": "recommended"}
    assert current_revision("models:/my-bert@champion") == "mlflow:my-bert/1"
    registry.create_model_version("my-bert", source=str(folder))
    registry.set_registered_model_alias("my-bert", "champion", "2")
    assert current_revision("models:/my-bert@champion") == "mlflow:my-bert/2"


def test_a_registered_version_is_a_model_with_its_registry_as_source(registry, folder, tmp_path):
    registry.create_model_version("my-bert", source=str(folder))
    spec = find_model("models:/my-bert/1", load_catalogue(None))
    assert (spec.model_id, spec.revision) == ("mlflow/my-bert", "mlflow:my-bert/1")
    described = describe_version(spec, tmp_path / "bundles", "auto")
    assert (described["source"], described["repository"], described["revision"]) == ("mlflow", "my-bert", "1")


def test_verdicts_are_written_back_to_the_version_that_was_measured(registry, folder, tmp_path):
    registry.create_model_version("my-bert", source=str(folder))
    described = {"source": "mlflow", "repository": "my-bert", "revision": "1", "weights": "pretrained",
                 "weights_digest": "w", "precision": "fp32", "config_digest": "c", "details": {}}  # fmt: skip
    settings = Settings(data=tmp_path, database=tmp_path / "benchmark.duckdb")
    seal(settings, "run-1", night(0, 10.0), described_versions={MODEL_ID: described})
    load_pending(settings, [HARDWARE_ID])
    with open_database(settings.database) as connection:
        judged = [judge(group, Wish(), NOON) for group in groups(evidence(connection))]
        assert tag_registry(connection, judged) == ["my-bert/1"]
    (tag,) = resolve("models:/my-bert/1").tags.items()
    assert tag[0] == f"suitability.{HARDWARE_ID}"
    assert tag[1].startswith("recommended, ")


def test_an_unknown_model_of_the_registry_is_one_clear_message(registry):
    with pytest.raises(UsageError, match="The registry has no models:/nobody/1"):
        resolve("models:/nobody/1")
