from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from ipfs_accel_pipeline.browser.server import PageServer


@pytest.fixture
def server():
    server = PageServer()
    yield server
    server.close()


def get(url, data=None):
    with urllib.request.urlopen(url, data=data, timeout=10) as answer:
        return answer.read(), answer.headers


def status(url, data=None):
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(url, data)
    with refused.value as answer:
        return answer.code


def test_the_page_is_isolated_so_that_webassembly_gets_threads(server):
    body, headers = get(f"{server.root}/page.html")
    assert b"page.js" in body
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("worker.js", "text/javascript"), ("onnxruntime-web/ort.jspi.min.mjs", "text/javascript")],
)
def test_modules_have_the_type_that_browsers_demand(server, name, content_type):
    assert get(f"{server.root}/{name}")[1]["Content-Type"] == content_type


def test_what_is_shared_can_be_read_bytes_or_file(server, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"graph")
    assert get(server.share(b"inputs"))[0] == b"inputs"
    assert get(server.share(tmp_path / "model.onnx"))[0] == b"graph"


def test_bytes_that_are_unshared_are_freed(server):
    url = server.share(b"inputs")
    server.unshare(url)
    assert get(url)[0] == b""


def test_outputs_come_back_by_post(server):
    get(f"{server.inbox('outputs-3')}/0", data=b"\x00\x01")
    assert server.received == {"outputs-3/0": b"\x00\x01"}


def test_nothing_is_read_or_taken_without_the_secret(server):
    secret = server.root.rpartition("/")[2]
    url = server.share(b"inputs").replace(secret, "x" * len(secret))
    assert status(url) == 404
    assert status(f"http://127.0.0.1:{server.port}/wrong/received/outputs/0", data=b"forged") == 404
    assert server.received == {}


def test_nothing_outside_the_page_is_served(server):
    assert status(f"{server.root}/../server.py") == 404
    assert status(f"{server.root}/%2e%2e/server.py") == 404
    assert status(f"{server.root}/shared/99") == 404


def test_a_port_in_use_does_not_matter(server):
    others = [PageServer() for _ in range(3)]
    try:
        assert len({server.port, *(other.port for other in others)}) == 4
        assert all(get(f"{other.root}/page.html")[0] for other in others)
    finally:
        for other in others:
            other.close()


def test_a_closed_server_answers_no_more():
    server = PageServer()
    server.close()
    with pytest.raises(OSError, match="refused"):
        get(f"{server.root}/page.html")
