"""A webhook that really listens; what must never be shown is looked for in what is shown."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ipfs_accel_pipeline.errors import PipelineError, UsageError
from ipfs_accel_pipeline.pipeline.notifying import mail_settings, message, post_webhook
from ipfs_accel_pipeline_tests.fakes import change_row


@pytest.fixture
def receiver():
    """Address of a server, and the list of what it received."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(404 if "missing" in self.path else 200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_a_webhook_gets_a_text_and_the_numbers(receiver):
    url, received = receiver
    post_webhook(f"{url}/hook", [change_row()])
    (body,) = received
    assert body["text"] == message([change_row()])
    assert body["regressions"][0]["relative_change"] == 0.2


def test_the_text_says_what_became_worse_where_why_and_how_to_answer():
    slower = change_row(id="3f2a91c4-0000")
    fewer = change_row(
        id="77aa0000-0000", metric="throughput_items_per_second", value_before=100.0, value_after=83.0,
        relative_change=-0.17,
    )  # fmt: skip
    broken = change_row(
        id="99bb0000-0000", metric="success", value_before=1.0, value_after=0.0, relative_change=-1.0, what_changed=[],
        test_id_after="test-9", endpoint_type="onnxruntime",
    )  # fmt: skip
    text = message([slower, fewer, broken], link=lambda change: f"https://bench/{change.test_id_after}")
    assert text == (
        "3 new regressions.\n"
        "\n"
        "fake-bert-tiny on cpu-fake-9000, pytorch: fp32, batch 1, 128 tokens\n"
        "- p50_latency_ms: 10 → 12 ms (+20.0%), id 3f2a91c4\n"
        "- throughput_items_per_second: 100 → 83 items/s (-17.0%), id 77aa0000\n"
        "since 2026-03-01 12:00 UTC; changed there: threads: 2 → 1\n"
        "https://bench/test-2\n"
        "\n"
        "fake-bert-tiny on cpu-fake-9000, onnxruntime: fp32, batch 1, 128 tokens\n"
        "- success: passed → does not pass, id 99bb0000\n"
        "since 2026-03-01 12:00 UTC; changed there: nothing that is recorded\n"
        "https://bench/test-9\n"
        "\n"
        "Answer each: ipfs-accel regressions --set expected ID --note WHY (or acknowledged, or fixed)."
    )
    assert "https" not in message([slower])


@pytest.mark.parametrize(
    "path", ["http://127.0.0.1:1/s3cret", "s3cret://nowhere", "http://[s3cret", "s3cret", "http://127.0.0.1:1/s3 cret"]
)
def test_an_unreachable_webhook_is_an_error_that_hides_the_address(path):
    with pytest.raises(PipelineError, match="BENCHMARK_WEBHOOK_URL") as caught:
        post_webhook(path, [change_row()])
    assert "s3" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_answer_that_is_no_http_is_an_error_of_the_webhook():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            with server.accept()[0] as connection:
                connection.sendall(b"garbage\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PipelineError, match="cannot be reached"):
            post_webhook(f"http://127.0.0.1:{server.getsockname()[1]}/hook", [change_row()])
        thread.join()


def test_a_webhook_that_refuses_is_an_error_with_its_answer(receiver):
    url, _ = receiver
    with pytest.raises(PipelineError, match=r"127\.0\.0\.1 answered 404"):
        post_webhook(f"{url}/missing/s3cret", [change_row()])


def test_mail_is_set_up_wholly_or_not_at_all_and_never_shows_its_password():
    whole = {
        "BENCHMARK_EMAIL_FROM": "a@x",
        "BENCHMARK_EMAIL_TO": "b@x, c@x",
        "BENCHMARK_EMAIL_PASSWORD": "s3cret",
        "BENCHMARK_SMTP_HOST": "mail.x",
    }
    mail = mail_settings(whole)
    assert (mail.receivers, mail.port, mail.password) == (("b@x", "c@x"), 465, "s3cret")
    assert "s3cret" not in repr(mail)
    assert mail_settings({}) is None
    with pytest.raises(UsageError, match="is no port"):
        mail_settings({**whole, "BENCHMARK_SMTP_PORT": "ssl"})
    with pytest.raises(UsageError, match="Set BENCHMARK_SMTP_HOST too"):
        mail_settings({**whole, "BENCHMARK_SMTP_HOST": ""})
