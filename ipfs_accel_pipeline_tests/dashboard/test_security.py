from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from ipfs_accel_pipeline_tests.dashboard.conftest import client_of


def test_every_answer_carries_a_strict_policy(client):
    for address in ("/overview", "/api/summary", "/nowhere", "/static/dashboard.js"):
        policy = client.get(address).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "http" not in policy


def test_the_vendored_scripts_are_the_ones_that_are_named():
    static = files("ipfs_accel_pipeline.dashboard") / "static"
    named = re.findall(r"`(plotly-\S+\.js)` .* `([0-9a-f]{64})`", (static / "README.md").read_text())

    assert len(named) == 2
    for name, digest in named:
        assert hashlib.sha256((static / name).read_bytes()).hexdigest() == digest


def test_nothing_can_be_written(client):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for address in ("/overview", "/api/cases", "/api/tests/x"):
            assert client.request(method, address).status_code == 405


def test_a_name_that_another_page_made_up_for_this_machine_is_refused(client):
    assert client.get("/overview", headers={"Host": "evil.example"}).status_code == 400


def test_on_another_address_any_name_is_answered(example_settings):
    client = client_of(example_settings, host="0.0.0.0")

    assert client.get("/overview", headers={"Host": "bench.example"}).status_code == 200


@pytest.fixture
def guarded(example_settings):
    return client_of(example_settings, token="s3cret")


@pytest.mark.parametrize("address", ["/overview", "/api/cases", "/static/dashboard.css", "/overview?token=wrong"])
def test_without_the_token_nothing_is_shown(guarded, address):
    answer = guarded.get(address)

    assert answer.status_code == 401
    assert "fake" not in answer.text


def test_a_program_sends_the_token_as_bearer(guarded):
    assert guarded.get("/api/cases", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert guarded.get("/api/cases", headers={"Authorization": "Bearer s3cre"}).status_code == 401


def test_a_browser_gives_it_once_and_it_does_not_stay_in_the_address(guarded):
    first = guarded.get("/matrix?batch=1&token=s3cret", follow_redirects=False)

    assert first.status_code == 303
    assert first.headers["location"] == "/matrix?batch=1"
    cookie = first.headers["set-cookie"].casefold()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert guarded.get("/matrix").status_code == 200
