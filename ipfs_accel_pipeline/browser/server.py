"""The loopback server of one benchmark page: its files, the model's bytes, and the outputs that come back.

Only 127.0.0.1, a port that the system chooses, and a secret in every address, so that no other page or user of this
machine reads a model or sends a result. Its headers isolate the page, without which WebAssembly has one thread.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

WEB = Path(__file__).parent / "web"

_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript"}
_TYPES |= {".wasm": "application/wasm"}
_ISOLATION = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LARGEST_POST = 2**31


class PageServer:
    """Runs in a thread from its creation to `close`."""

    def __init__(self) -> None:
        self._secret = secrets.token_urlsafe(24)
        self._shared: dict[str, Path | bytes] = {}
        self.received: dict[str, bytes] = {}  # what the page has posted, by the last part of its address
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.page_server = self
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self._secret}"

    def share(self, content: Path | bytes) -> str:
        """The address under which the page can read a file or these bytes."""
        name = str(len(self._shared))
        self._shared[name] = content
        return f"{self.root}/shared/{name}"

    def unshare(self, url: str) -> None:
        """Free the bytes; the address is not given again."""
        self._shared[url.rpartition("/")[2]] = b""

    def inbox(self, name: str) -> str:
        """The address to post to; `received` has it under `name/...`."""
        return f"{self.root}/received/{name}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def open(self, path: str) -> tuple[BinaryIO, int, str] | None:
        """Stream, length and content type of what lies at this path; None if nothing does, or the secret is wrong."""
        inside = self._inside(path)
        if inside is None:
            return None
        kind, _, name = inside.partition("/")
        content = self._shared.get(name) if kind == "shared" else _page_file(inside)
        if content is None:
            return None
        if isinstance(content, bytes):
            return BytesIO(content), len(content), "application/octet-stream"
        return content.open("rb"), content.stat().st_size, _TYPES.get(content.suffix, "application/octet-stream")

    def accept(self, path: str, body: bytes) -> bool:
        inside = self._inside(path)
        if inside is None or not inside.startswith("received/"):
            return False
        self.received[inside.removeprefix("received/")] = body
        return True

    def _inside(self, path: str) -> str | None:
        secret, _, inside = path.lstrip("/").partition("/")
        return inside if secrets.compare_digest(secret.encode(), self._secret.encode()) else None


def _page_file(inside: str) -> Path | None:
    path = (WEB / inside).resolve()
    return path if path.is_file() and WEB in path.parents else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    page_server: PageServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that is killed drops its connections; that is told elsewhere, and better."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        found = self.server.page_server.open(self.path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND, 0, "text/plain")
            return
        stream, length, content_type = found
        with contextlib.closing(stream):
            self._answer(HTTPStatus.OK, length, content_type)
            shutil.copyfileobj(stream, self.wfile, 2**20)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_POST:
            self.close_connection = True  # the body is left unread
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 0, "text/plain")
            return
        accepted = self.server.page_server.accept(self.path, self.rfile.read(length))
        self._answer(HTTPStatus.OK if accepted else HTTPStatus.NOT_FOUND, 0, "text/plain")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the addresses carry the secret."""

    def _answer(self, status: HTTPStatus, length: int, content_type: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(length), **_ISOLATION}.items():
            self.send_header(name, value)
        self.end_headers()
