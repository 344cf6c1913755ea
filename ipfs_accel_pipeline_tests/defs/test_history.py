"""What Dagster makes of a history: the asset, the check that fails, who is told, and another model version."""

import gzip
import os
import smtplib
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import dagster as dg
import pytest

from ipfs_accel_pipeline.defs import model_version_sensor, notifications
from ipfs_accel_pipeline.defs.assets.hardware_compatibility import hardware_compatibility
from ipfs_accel_pipeline.defs.assets.performance_changes import performance_changes
from ipfs_accel_pipeline.defs.assets.recommendations import recommendations
from ipfs_accel_pipeline.defs.assets.test_results import test_results as outcomes
from ipfs_accel_pipeline.defs.model_version_sensor import new_model_versions, version_comparison
from ipfs_accel_pipeline.defs.notifications import regression_notifications
from ipfs_accel_pipeline.defs.regression_check import new_regressions
from ipfs_accel_pipeline.defs.resources import tables
from ipfs_accel_pipeline.models.sources import current_revision
from ipfs_accel_pipeline.pipeline.changes import set_status
from ipfs_accel_pipeline.pipeline.loading import load_pending
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.lock import exclusive
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.snapshot import open_snapshot, publish_snapshot
from ipfs_accel_pipeline_tests.fakes import HARDWARE_ID, MODEL_ID
from ipfs_accel_pipeline_tests.pipeline.nights import load_nights, night, seal

MAIL = {
    "BENCHMARK_EMAIL_FROM": "a@x",
    "BENCHMARK_EMAIL_TO": "b@x,c@x",
    "BENCHMARK_EMAIL_PASSWORD": "s3cret",
    "BENCHMARK_SMTP_HOST": "mail.x",
}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("BENCHMARK_DB_PATH", raising=False)
    for name in (*MAIL, "BENCHMARK_WEBHOOK_URL", "BENCHMARK_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    return load_settings()


@pytest.fixture
def slowed(settings):
    load_nights(settings, [10.0] * 7 + [14.0] * 4, {"environment": {"threads": 1}}, 7)
    return settings


def materialized():
    return dg.materialize([performance_changes, new_regressions], resources={"io_manager": tables}, raise_on_error=True)


def stored(settings):
    with open_database(settings.database) as connection:
        return read_rows(connection, "performance_changes")


def test_the_check_fails_with_the_list_until_a_person_answers(slowed):
    result = materialized()
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert "threads: 2 → 1" in check.metadata["regressions"].value
    metadata = result.asset_materializations_for_node("performance_changes")[0].metadata
    assert metadata["changes/regression"].value == check.metadata["new_regressions"].value == len(stored(slowed))
    for row in stored(slowed):
        set_status(slowed.database, row.id, "expected", "one thread")
    (check,) = materialized().get_asset_check_evaluations()
    assert check.passed
    assert {row.status for row in stored(slowed)} == {"expected"}


def after_a_run(instance, sensor, **run):
    event = dg.DagsterEvent("PIPELINE_SUCCESS", "benchmark")
    done = instance.create_run_for_job(_nothing, **run)
    return sensor(dg.build_run_status_sensor_context(sensor.name, event, instance, done))


def notify():
    return regression_notifications(dg.build_sensor_context())


@dg.job
def _nothing():
    pass


def test_every_regression_is_told_once_by_mail_and_again_if_the_mail_failed(slowed, monkeypatch):
    materialized()
    sent = []

    class Server:
        def __init__(self, host, port, context):
            assert (host, port) == ("mail.x", 465)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def login(self, user, password):
            assert password == "s3cret"

        def sendmail(self, sender, receivers, text):
            if not sent:
                sent.append("refused")
                raise smtplib.SMTPDataError(451, b"later")
            sent.append((receivers, text))

    monkeypatch.setattr(smtplib, "SMTP_SSL", Server)
    assert "nobody to tell" in notify().skip_message
    for name, value in MAIL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BENCHMARK_DASHBOARD_URL", "https://bench.x/")
    with pytest.raises(Exception, match="later"):
        notify()
    assert all(row.notified_at is None for row in stored(slowed))
    notify()
    assert all(row.notified_at is not None for row in stored(slowed))
    assert "no new regression" in notify().skip_message
    (receivers, text) = sent[1]
    assert receivers == ["b@x", "c@x"]
    assert "- p50_latency_ms: " in text
    assert "https://bench.x/trends?of_model=" in text
    assert "s3cret" not in text


def test_a_mail_that_fails_is_an_error_and_does_not_make_the_webhook_repeat_itself(slowed, monkeypatch):
    materialized()
    posted = []
    monkeypatch.setattr(notifications, "post_webhook", lambda address, untold, link: posted.append(len(untold)))
    for name, value in {**MAIL, "BENCHMARK_WEBHOOK_URL": "https://hook.x"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(smtplib, "SMTP_SSL", Mock(side_effect=OSError("no such host")))
    with pytest.raises(OSError, match="no such host"):
        notify()
    assert "no new regression" in notify().skip_message
    assert posted == [len(stored(slowed))]


def test_what_could_not_be_told_is_told_at_the_next_tick(slowed, definitions, monkeypatch):
    """No run may be needed in between: a run-status sensor is asked about each run once, failed or not."""
    materialized()
    posted = []
    monkeypatch.setattr(notifications, "post_webhook", lambda address, untold, link: posted.append(len(untold)))
    monkeypatch.setattr(notifications, "PATIENCE_S", 0.1)
    monkeypatch.setenv("BENCHMARK_WEBHOOK_URL", "https://hook.x")
    sensor = definitions.resolve_sensor_def("regression_notifications")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, repository_def=definitions.get_repository_def())
        with exclusive(slowed.database, 5), pytest.raises(Exception, match="is in use by"):
            sensor.evaluate_tick(context)
        sensor.evaluate_tick(context)
    assert posted == [len(stored(slowed))]


def test_a_new_version_is_compared_with_the_one_before(settings):
    def rounds(day, level):
        nights = [night(10 * day + number, level, round_index=number) for number in range(3)]
        return [replace(one, started_at=one.started_at - timedelta(days=9 * day)) for one in nights]

    seal(settings, "run-1", *rounds(0, 10.0), model_versions={MODEL_ID: "version-1"})
    seal(settings, "11111111-2222-4333-8444-555555555555", *rounds(1, 13.0), model_versions={MODEL_ID: "version-2"})
    load_pending(settings, [HARDWARE_ID])
    publish_snapshot(settings.database, settings.snapshot)
    with dg.DagsterInstance.ephemeral() as instance:
        assert "no new model version" in after_a_run(instance, version_comparison).skip_message
        tags = {"bench/predecessor": "version-1", "dagster/partition": HARDWARE_ID}
        run_id = "11111111-2222-4333-8444-555555555555"
        assert "compared 1 cases" in after_a_run(instance, version_comparison, tags=tags, run_id=run_id).skip_message
        (record,) = instance.fetch_observations(dg.AssetKey("performance_results"), limit=1).records
    assert record.asset_observation.metadata["verdict/worse"].value == 1


def test_a_version_is_compared_though_somebody_has_the_database(settings):
    """Dagster never asks this sensor again about the same run."""
    seal(settings, "run-1", night(0, 10.0), model_versions={MODEL_ID: "version-1"})
    run_id = "11111111-2222-4333-8444-555555555555"
    seal(settings, run_id, night(1, 13.0), model_versions={MODEL_ID: "version-2"})
    load_pending(settings, [HARDWARE_ID])
    publish_snapshot(settings.database, settings.snapshot)
    with dg.DagsterInstance.ephemeral() as instance, exclusive(settings.database, 5):
        done = after_a_run(instance, version_comparison, tags={"bench/predecessor": "version-1"}, run_id=run_id)
    assert "compared 1 cases" in done.skip_message


FOLDER = {"source": "folder", "repository": "my-bert", "weights": "pretrained", "weights_digest": "w",
          "precision": "fp32", "config_digest": "c", "details": {}}  # fmt: skip


def test_a_version_is_asked_for_where_there_is_a_partition(settings, definitions, monkeypatch):
    """One key that is no partition fails the whole tick: a device may be known to the command line only, or deleted."""
    described = {MODEL_ID: FOLDER | {"revision": "r1"}}
    for key in ("cpu-a", "cpu-of-the-command-line"):
        seal(settings, f"run-{key}", night(0, 10.0, hardware_id=key), described_versions=described)
        load_pending(settings, [key])
    monkeypatch.setattr(model_version_sensor, "_current_revisions", lambda: {MODEL_ID: "r2"})
    sensor = definitions.resolve_sensor_def("new_model_versions")
    with dg.DagsterInstance.local_temp() as instance:

        def tick():
            repository = definitions.get_repository_def()
            return sensor.evaluate_tick(
                dg.SensorEvaluationContext(instance_ref=instance.get_ref(), repository_def=repository)
            )

        assert "no partition: cpu-a, cpu-of-the-command-line. Run the job `detect`" in tick().skip_message
        instance.add_dynamic_partitions("hardware", ["cpu-a"])
        (request,) = tick().run_requests
    assert request.tags["dagster/partition"] == "cpu-a"


def test_deriving_the_compatibility_alone_keeps_what_is_recommended(settings):
    load_nights(settings, [10.0], {}, 1)
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("hardware", [HARDWARE_ID])
        found = []
        for asset, key in ((recommendations, None), (hardware_compatibility, HARDWARE_ID)):
            dg.materialize([asset], partition_key=key, instance=instance, resources={"io_manager": tables})
            with open_database(settings.database) as connection:
                found += [row.recommended for row in read_rows(connection, "hardware_compatibility")]
    assert found[0] is not None
    assert found[0] == found[1]


def test_what_a_killed_run_measured_is_loaded_though_nobody_executes_it_again(settings):
    """By the next run on that hardware, once the week of its second chance is over."""
    seal(settings, "run-1", night(0, 10.0))
    (shard,) = settings.shards.glob("*/*.jsonl.gz")
    journal = shard.with_name("killed.journal")
    journal.write_bytes(gzip.decompress(shard.read_bytes()).replace(b"run-1", b"killed"))
    os.utime(journal, (0, 0))
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("hardware", [HARDWARE_ID])
        dg.materialize([outcomes], partition_key=HARDWARE_ID, instance=instance, resources={"io_manager": tables})
    with open_database(settings.database) as connection:
        assert sorted(row.run_id for row in read_rows(connection, "test_results")) == ["killed", "run-1"]


def test_publishing_brings_up_to_date_what_follows_from_the_results(settings, definitions):
    load_nights(settings, [10.0] * 7 + [14.0] * 4, {"environment": {"threads": 1}}, 7)
    assert definitions.resolve_job_def("publish").execute_in_process().success
    with open_snapshot(settings.snapshot) as connection:
        assert read_rows(connection, "performance_changes")
        assert read_rows(connection, "recommendations")


@pytest.mark.slow
def test_a_changed_folder_is_measured_again_where_its_predecessor_ran(settings, tmp_path, monkeypatch):
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "my-bert"
    transformers.BertConfig(hidden_size=32, num_hidden_layers=1, architectures=["BertModel"]).save_pretrained(folder)
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(f'["{MODEL_ID}"]\npath = "./my-bert"\n')
    monkeypatch.setenv("BENCHMARK_CATALOGUE", str(catalogue))
    known = FOLDER | {"revision": current_revision(str(folder))}
    seal(settings, "run-1", night(0, 10.0), described_versions={MODEL_ID: known})
    load_pending(settings, [HARDWARE_ID])
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("hardware", [HARDWARE_ID])
        context = dg.build_sensor_context(instance=instance)
        assert new_model_versions(context).run_requests == []
        (folder / "model.safetensors").write_bytes(b"trained further")
        (request,) = new_model_versions(context).run_requests
    assert request.partition_key == HARDWARE_ID
    assert request.run_config == {"resources": {"benchmark": {"config": {"models": [MODEL_ID]}}}}
    assert request.tags["bench/predecessor"] == "version-1"
    newer = known | {"revision": current_revision(str(folder))}
    later = night(0, 10.0)
    header = {"model_versions": {MODEL_ID: "version-2"}, "described_versions": {MODEL_ID: newer}}
    seal(settings, "run-2", replace(later, started_at=later.started_at + timedelta(days=1)), **header)
    load_pending(settings, [HARDWARE_ID])
    with dg.DagsterInstance.ephemeral() as instance:
        assert new_model_versions(dg.build_sensor_context(instance=instance)).run_requests == []
