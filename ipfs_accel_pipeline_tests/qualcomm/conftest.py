"""A stand-in hub, and cases of a model so small that its export takes no time."""

from __future__ import annotations

import pytest

from ipfs_accel_pipeline.benchmark.hub_inputs import make_inputs
from ipfs_accel_pipeline.benchmark.hub_jobs import HubCase, HubJobs, Patience
from ipfs_accel_pipeline.models.bundles import bundle_folder, open_bundle
from ipfs_accel_pipeline.models.export import prepare
from ipfs_accel_pipeline.qualcomm.access import HubAccess
from ipfs_accel_pipeline.qualcomm.hub import Hub, HubDevice
from ipfs_accel_pipeline.qualcomm.ledger import Ledger
from ipfs_accel_pipeline.records import Case
from ipfs_accel_pipeline_tests.hub_server import TOKEN, HubServer, answers_of
from ipfs_accel_pipeline_tests.models.graph_files import onnx_linear

QUICK = Patience(poll_s=0, busy_wait_s=0, most_busy_waits=2)


@pytest.fixture(autouse=True)
def no_waiting_between_retries(monkeypatch):
    """The client's own setting; its retries stay as they are."""
    from qai_hub.util import session

    monkeypatch.setattr(session, "BACKOFF_FACTOR", 0)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Folder of a user's ONNX file with one linear layer."""
    folder = tmp_path_factory.mktemp("linear")
    spec = onnx_linear(folder / "linear.onnx")
    assert prepare(spec.to_json(), str(folder), "onnx")["ok"]
    return bundle_folder(spec, folder)


@pytest.fixture(scope="module")
def inputs(bundle):
    return make_inputs(bundle, "onnx", 1, None)


@pytest.fixture
def server(bundle):
    with HubServer() as server:
        server.answer = answers_of(open_bundle(bundle).artefact_path("onnx"))
        yield server


@pytest.fixture
def access(server):
    return HubAccess(TOKEN, server.url, ())


@pytest.fixture
def hub(access):
    return Hub(access)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "aihub")


@pytest.fixture
def cases(server, bundle, inputs):
    """The same model on every device of the stand-in."""
    return [
        HubCase(
            Case("tests/linear", f"qualcomm-{index}", "aihub", "fp16", 1, None),
            bundle,
            "onnx",
            HubDevice(device.name, device.os, tuple(device.attributes)),
            inputs,
        )
        for index, device in enumerate(server.devices)
    ]


@pytest.fixture
def start(hub, ledger):
    def jobs_of(cases, patience=QUICK, **options):
        return HubJobs(hub, ledger, cases, patience, **options)

    return jobs_of
