"""Token, address and chosen devices; and what is said when one of them is missing."""

import socket
import time

import pytest

from ipfs_accel_pipeline.errors import BackendUnavailable
from ipfs_accel_pipeline.hardware.qualcomm import Local, chosen_devices, detect
from ipfs_accel_pipeline.qualcomm.access import HubAccess, load_access, require_reachable
from ipfs_accel_pipeline.qualcomm.hub import Hub
from ipfs_accel_pipeline.qualcomm.selection import select_devices
from ipfs_accel_pipeline.records import PRECISIONS
from ipfs_accel_pipeline_tests.hardware.replay import HOST
from ipfs_accel_pipeline_tests.hub_server import TOKEN


def no_local():
    raise BackendUnavailable("onnxruntime_qnn is not installed")


def test_the_token_comes_from_the_environment_first(tmp_path):
    ini = tmp_path / "client.ini"
    ini.write_text("[api]\napi_token = from-ini\napi_url = https://ini\nweb_url = https://ini\n")
    environment = {"QAIHUB_CLIENT_INI": str(ini), "BENCHMARK_AIHUB_DEVICES": "A; chipset:x+os:y ;"}
    assert load_access(environment) == HubAccess("from-ini", "https://ini", ("A", "chipset:x+os:y"))
    assert load_access({**environment, "BENCHMARK_AIHUB_TOKEN": "from-env"}).token == "from-env"


def test_without_a_token_it_says_how_to_get_one(tmp_path):
    with pytest.raises(BackendUnavailable, match="set BENCHMARK_AIHUB_TOKEN, or run `qai-hub configure"):
        load_access({"QAIHUB_CLIENT_INI": str(tmp_path / "none.ini")})


def test_a_broken_configuration_file_is_named_and_its_text_is_not_shown(tmp_path):
    ini = tmp_path / "client.ini"
    ini.write_text("api_token = secret-token\n")
    with pytest.raises(BackendUnavailable, match="is no AI Hub configuration") as caught:
        load_access({"QAIHUB_CLIENT_INI": str(ini)})
    assert "secret-token" not in str(caught.value)


def test_the_token_is_never_shown():
    access = HubAccess("secret-token", "https://hub", ())
    assert "secret-token" not in f"{access} {access!r}"
    assert access.hide("Bearer secret-token was refused") == "Bearer <token> was refused"


def test_nobody_at_the_address_is_said_at_once():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(BackendUnavailable, match=f"cannot be reached at 127.0.0.1:{port}"):
        Hub(HubAccess(TOKEN, f"http://127.0.0.1:{port}", ()))
    assert time.monotonic() - started < 20  # the client alone would try for most of a minute


def test_behind_a_proxy_it_is_the_proxy_that_must_answer(monkeypatch):
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        port = proxy.getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://somebody:secret@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        hub = HubAccess(TOKEN, "https://hub.invalid", ())
        with pytest.raises(BackendUnavailable, match=r"through the proxy 127.* Check HTTPS_PROXY") as refusal:
            require_reachable(hub)
        assert "secret" not in str(refusal.value)
        proxy.listen()
        require_reachable(hub)
        monkeypatch.setenv("no_proxy", "hub.invalid")
        with pytest.raises(BackendUnavailable, match=r"at hub\.invalid:443"):
            require_reachable(hub)


@pytest.mark.parametrize("url", ["https://hub:port", "hub.example", "https://", "https://[::1"])
def test_an_address_that_is_none_names_the_variable(url):
    with pytest.raises(BackendUnavailable, match="BENCHMARK_AIHUB_URL is no address"):
        require_reachable(HubAccess(TOKEN, url, ()))


@pytest.mark.parametrize(
    ("choices", "names"),
    [
        (["samsung galaxy s24"], ["Samsung Galaxy S24"]),
        (["os:android"], ["Samsung Galaxy S24", "Samsung Galaxy S25"]),
        (["os:android+hexagon:v79"], ["Samsung Galaxy S25"]),
        (["framework:onnx"], ["Samsung Galaxy S24", "Samsung Galaxy S25", "Dragonwing RB3 Gen 2"]),
        (["chipset:qualcomm-qcs6490", "Samsung Galaxy S25"], ["Samsung Galaxy S25", "Dragonwing RB3 Gen 2"]),
    ],
)
def test_devices_are_chosen_by_name_or_attributes(hub, choices, names):
    assert [device.name for device in select_devices(hub.devices(), choices)] == names


def test_a_choice_that_matches_nothing_is_answered_with_what_there_is(hub):
    with pytest.raises(BackendUnavailable, match=r"no device 'Galaxy S99'. It has 3, among them: Samsung Galaxy S24"):
        select_devices(hub.devices(), ["Samsung Galaxy S24", "Galaxy S99"])
    with pytest.raises(BackendUnavailable, match="offers 3 devices and none is chosen: set BENCHMARK_AIHUB_DEVICES"):
        select_devices(hub.devices(), [])


@pytest.fixture
def token(server, monkeypatch):
    monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", TOKEN)
    monkeypatch.setenv("BENCHMARK_AIHUB_URL", server.url)
    monkeypatch.setenv("BENCHMARK_AIHUB_DEVICES", "framework:qnn")


def test_each_chosen_device_is_a_platform(token):
    rows = detect(HOST, chosen_devices, no_local)
    assert [row.hardware_id for row in rows] == [
        "qualcomm-aihub-samsung-galaxy-s24-android-14",
        "qualcomm-aihub-samsung-galaxy-s25-android-15",
        "qualcomm-aihub-dragonwing-rb3-gen-2-qc-linux-1-6",
    ]
    first, _, last = rows
    assert first.available
    assert first.supported_precisions == ("fp16", "int8", "int8_a16")
    assert last.supported_precisions == ("int8", "int8_a16")
    assert set(first.supported_precisions) <= set(PRECISIONS)
    assert first.runtime["endpoint_devices"] == {"aihub": "Samsung Galaxy S24"}
    assert TOKEN not in str(rows)


def test_a_refused_token_is_the_reason_of_the_absent_row(token, monkeypatch):
    monkeypatch.setenv("BENCHMARK_AIHUB_TOKEN", "wrong-token")
    (row,) = detect(HOST, chosen_devices, no_local)
    assert (row.hardware_id, row.available) == ("qualcomm-absent", False)
    assert "bad or expired API token" in row.unavailable_reason
    assert "onnxruntime_qnn is not installed" in row.unavailable_reason
    assert "wrong-token" not in row.unavailable_reason


def test_a_hub_that_does_not_answer_costs_the_other_hardware_a_moment_only(token, server):
    server.statuses = [("GET /devices", 503)] * 10**4
    (row,) = detect(HOST, lambda: chosen_devices(patience_s=0), no_local)
    assert "has not told its devices within 0 s" in row.unavailable_reason


def test_the_emulator_is_a_row_of_its_own_kind_and_keeps_the_hubs_reason():
    def no_hub():
        raise BackendUnavailable("AI Hub needs an API token")

    (row,) = detect(HOST, no_hub, lambda: Local(False, {"onnxruntime-qnn": "2.7.0"}))
    assert (row.hardware_id, row.acceleration) == ("qualcomm-htp-emulator", "emulated")
    assert row.runtime["endpoint_devices"] == {"qnn_emulator": "qnn-htp-emulator"}
    assert row.runtime["absent_endpoints"] == {"aihub": "AI Hub needs an API token"}
    (npu,) = detect(HOST, no_hub, lambda: Local(True, {"onnxruntime-qnn": "2.7.0"}))
    assert (npu.hardware_id, npu.acceleration) == ("qualcomm-hexagon-npu", "hardware")
    assert npu.runtime["endpoint_devices"] == {"qnn_local": "qnn-npu"}
