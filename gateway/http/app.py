"""The routes, and what stands before them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as StarletteScope

from gateway.http import reference
from gateway.http.answers import json_answer, refused
from gateway.http.auth import Auth
from gateway.http.browsers import Browsers
from gateway.http.calls import Calls
from gateway.http.context import Context
from gateway.http.errors import HttpError
from gateway.http.events import Events
from gateway.http.files import Files
from gateway.http.gateways import Gateways
from gateway.http.guard import Guard
from gateway.http.history import HistoryOf
from gateway.http.hub import Hub
from gateway.http.openapi import document
from gateway.http.operations import Call, Operation
from gateway.http.senders import Senders
from gateway.overview import Overview
from gateway.version import package_version

METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Doors(NamedTuple):
    """Who may come in: with which token (None: everybody), under which names (None: any), over TLS or not."""

    token: str | None
    hosts: Collection[str] | None
    tls: bool


def make_app(context: Context, calls: Calls, overview: Overview, hub: Hub, doors: Doors) -> ASGIApp:
    """All of it, as ASGI."""
    browsers = Browsers(Auth(doors.token), hub, secure=doors.tls)
    operations = (
        *Senders(context, calls, overview).operations(),
        *Gateways(context, calls).operations(),
        *HistoryOf(context, calls).operations(),
        *Events(context, calls, hub).operations(),
        *_metrics(context, calls),
        *browsers.operations(),
    )
    files = Files()
    routes = [
        *(operation.route() for operation in operations),
        *files.routes(),
        *_documents(operations, files),
    ]
    handlers: dict[Any, Any] = {HttpError: _refusal, HTTPException: _no_route, Exception: _defect}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return _percent_encoded(Guard(app, doors.hosts, browsers.admit))


def _metrics(context: Context, calls: Calls) -> tuple[Operation, ...]:
    metrics = context.metrics
    if metrics is None:
        return ()

    async def answer(_call: Call) -> Response:
        return await calls.made(lambda: Response(metrics.text(), media_type=METRICS))

    text = "Metrics, for Prometheus"
    return (Operation("GET", "/metrics", text, answer, METRICS.partition(";")[0]),)


def _documents(operations: Collection[Operation], files: Files) -> list[Route]:
    """Made when they are asked for first: few ever are."""
    made: list[tuple[Response, str]] = []

    def both() -> tuple[Response, str]:
        if not made:
            described = document(operations, package_version())
            made.append((json_answer(described), reference.html(described)))
        return made[0]

    async def openapi(_request: Request) -> Response:
        return both()[0]

    async def docs(request: Request) -> Response:
        return files.page(both()[1]).answer(request, "no-cache")

    return [Route("/openapi.json", openapi), Route("/docs", docs)]


def _percent_encoded(app: ASGIApp) -> ASGIApp:
    """All that follows sees the path as it came: a name in it may have a slash, percent-encoded."""

    async def with_path(scope: StarletteScope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": scope["raw_path"].decode("ascii", "replace")}, receive, send)

    return with_path


async def _refusal(_request: Request, error: HttpError) -> Response:
    return refused(error)


async def _no_route(request: Request, error: HTTPException) -> Response:
    if error.status_code == 405:
        text = f"{request.method} is nothing that can be done there"
        return refused(HttpError("method_not_allowed", text, error.headers))
    return refused(HttpError("not_found", "there is nothing there; /docs has what there is"))


async def _defect(_request: Request, _error: Exception) -> Response:
    """The log has what it was."""
    return json_answer(
        {"status": "error", "error": "failed", "message": "a defect of the gateway; see its log"}, 500
    )
