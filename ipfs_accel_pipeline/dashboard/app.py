"""The web application: every screen as a page and as a file, the API, and what is said when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from ipfs_accel_pipeline.dashboard import api
from ipfs_accel_pipeline.dashboard.desks import Office, desk_of
from ipfs_accel_pipeline.dashboard.downloads import FORMATS
from ipfs_accel_pipeline.dashboard.head_requests import AnswerHead
from ipfs_accel_pipeline.dashboard.pages import render_error, render_page
from ipfs_accel_pipeline.dashboard.registry import SCREENS, Entry
from ipfs_accel_pipeline.dashboard.screens.screen import DOWNLOAD_ROWS
from ipfs_accel_pipeline.dashboard.security import protect
from ipfs_accel_pipeline.errors import StorageError, UsageError
from ipfs_accel_pipeline.settings import Settings
from ipfs_accel_pipeline.storage.prepared import PreparedSnapshot

_STATIC = Path(__file__).parent / "static"
DAGSTER_URL = "http://127.0.0.1:3000"
API_VERSION = "1"  # removing or renaming a key, or changing a meaning, raises it


def create_app(
    settings: Settings, *, host: str = "127.0.0.1", token: str | None = None, dagster_url: str = DAGSTER_URL
) -> FastAPI:
    """The dashboard over the published snapshot of these settings; it opens no other database file."""
    snapshot = PreparedSnapshot(settings.snapshot)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with suppress(StorageError):  # the pages say what is wrong
            snapshot.open()
        snapshot.watch()
        yield
        snapshot.close()

    app = FastAPI(
        title="ipfs_accel_pipeline",
        version=API_VERSION,
        description="Which AI model runs how well on which hardware: measured results, read-only.",
        docs_url=None,  # both load their script from another host
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    app.state.office = Office(snapshot, settings.shards, dagster_url)
    for entry in SCREENS:
        _add_screen(app, entry)
    app.include_router(api.router)
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_api_route("/api", _api_page, include_in_schema=False, response_class=HTMLResponse)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    _say_what_is_wrong(app)
    app.add_middleware(AnswerHead)
    protect(app, token, host)
    return app


def _home() -> Response:
    return RedirectResponse("/overview", status_code=307)


def _api_page(request: Request) -> HTMLResponse:
    return HTMLResponse(render_page(request, None, {"schema": request.app.openapi()}))


def _add_screen(app: FastAPI, entry: Entry) -> None:
    state_type = entry.state

    def page(request: Request, state: Annotated[Any, Query()]) -> HTMLResponse:
        with desk_of(request) as desk:
            screen = entry.build(desk, state)
            choices = desk.choices() if screen.offered else {}
        return HTMLResponse(render_page(request, entry, {"screen": screen, "state": state, "choices": choices}))

    def download(request: Request, format: str, state: Annotated[Any, Query()]) -> Response:
        if format not in FORMATS:
            raise HTTPException(404, f"There is no download format {format!r}. Choose one of: {', '.join(FORMATS)}.")
        with desk_of(request, DOWNLOAD_ROWS) as desk:
            rows = entry.build(desk, state).rows
        kind, write = FORMATS[format]
        name = f"{entry.path.strip('/')}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{format}"
        return Response(write(rows), media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    for handler in (page, download):
        # The state of a screen is known only here, and FastAPI reads it from the annotations.
        handler.__annotations__["request"] = Request
        handler.__annotations__["state"] = Annotated[state_type, Query()]
    download.__annotations__["format"] = str
    app.add_api_route(entry.path, page, include_in_schema=False, response_class=HTMLResponse, response_model=None)
    app.add_api_route(f"{entry.path}.{{format}}", download, include_in_schema=False, response_model=None)


def _say_what_is_wrong(app: FastAPI) -> None:
    def answer(status: int, of: Callable[[Any], str]) -> Callable[[Request, Any], Response]:
        def handle(request: Request, error: Any) -> Response:
            code = getattr(error, "status_code", status)
            message = of(error)
            if message == HTTPStatus(code).phrase:  # of the router, which knows no more
                asked = f"{request.method} {request.url.path}"
                message = f"{asked} is nothing that is served here. See the menu, or /api/openapi.json."
            if request.url.path.startswith("/api/"):
                return JSONResponse({"detail": message}, code, headers=getattr(error, "headers", None))
            return HTMLResponse(render_error(request, HTTPStatus(code).phrase, message), code)

        return handle

    app.add_exception_handler(HTTPException, answer(500, lambda error: str(error.detail)))
    app.add_exception_handler(UsageError, answer(404, str))
    app.add_exception_handler(StorageError, answer(503, str))
    app.add_exception_handler(RequestValidationError, _refuse_state)
    app.add_exception_handler(Exception, answer(500, lambda _: "The dashboard has a defect; its log says which."))


def _refuse_state(request: Request, error: Any) -> Response:
    """A program gets the list of what is wrong; a person a sentence."""
    problems = [{"loc": list(p["loc"]), "msg": p["msg"], "type": p["type"]} for p in error.errors()]
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": problems}, 422)
    said = "; ".join(f"{problem['loc'][1]}: {problem['msg']}" for problem in problems)
    return HTMLResponse(render_error(request, "This address asks for something that cannot be", said), 422)
