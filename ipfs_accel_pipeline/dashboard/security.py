"""What keeps the dashboard to itself: headers, an optional token, and the names it answers to."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

Next = Callable[[Request], Awaitable[Response]]

# Nothing but our own files: no inline script, no inline style, no other host.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-hashes' "
    # An empty style attribute and no other: plotly.js empties the one of a heatmap's image.
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_COOKIE = "ipfs_accel_token"
_OF_THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]"]


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def protect(app: FastAPI, token: str | None, host: str) -> None:
    """A page of another origin cannot reach a dashboard on this machine by a name of its own (DNS rebinding)."""
    if token is not None:
        app.middleware("http")(_token_gate(token))
    app.middleware("http")(_add_headers)
    if is_loopback(host):
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=_OF_THIS_MACHINE, www_redirect=False)


async def _add_headers(request: Request, call_next: Next) -> Response:
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.url.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _token_gate(token: str) -> Callable[[Request, Next], Awaitable[Response]]:
    """A bearer header for programs; for a browser `?token=` once, which becomes a cookie that scripts cannot read."""

    async def gate(request: Request, call_next: Next) -> Response:
        given = request.query_params.get("token")
        if given is not None and _same(given, token):
            clean = request.url.remove_query_params("token")
            answer = RedirectResponse(clean.path + (f"?{clean.query}" if clean.query else ""), status_code=303)
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https")
            return answer
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if _same(bearer, token) or _same(request.cookies.get(_COOKIE, ""), token):
            return await call_next(request)
        return PlainTextResponse(
            "This dashboard asks for a token: open the address that was printed at its start.",
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
        )

    return gate


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
