"""What is refused before anybody looks at it: hosts that are not ours, pages of other sites, who may not come
in, bodies that are too large or too slow. And the headers that every answer has.

ASGI, on the server's loop; no state but its settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

from gateway.http.errors import HttpError

Scope = MutableMapping[str, Any]
Headers = Mapping[bytes, bytes]
"""By name in small letters."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 64 * 1024
"""Params are small."""
BODY_S = 10.0
"""A body that takes longer is given up."""
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)
_SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """`hosts`: names that a request may be for, without ports; None: any, where a token is asked for all the
    same. It keeps pages of other sites from reaching a gateway on a loopback address through a name of theirs
    (DNS rebinding). `admit` raises `HttpError` for who may not come in."""

    def __init__(
        self,
        app: App,
        hosts: Collection[str] | None,
        admit: Callable[[Scope, Headers], None] = lambda _scope, _headers: None,
    ) -> None:
        self._app = app
        self._admit = admit
        self._hosts = None if hosts is None else frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        guarded = _with_headers(send)
        try:
            self._check(scope, headers)
            self._admit(scope, headers)
            body = await _body(headers, receive)
        except HttpError as error:
            await _refuse(error, guarded)
            return
        await self._app(scope, _replay(body, receive), guarded)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        name = _without_port(host).lower()
        if self._hosts is not None and name not in self._hosts:
            raise HttpError(
                "bad_host",
                f"this gateway is not called {host!r}; add the name to http.hosts if it is meant to be",
            )
        if scope["method"] in _SAFE:
            return
        site = headers.get(b"sec-fetch-site", b"same-origin")
        origin = headers.get(b"origin", b"").decode("latin-1")
        foreign = origin not in ("", f"http://{host}", f"https://{host}")
        if site not in (b"same-origin", b"none") or foreign:
            raise HttpError("forbidden", f"a page of {origin or 'another site'} may not do that here")


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.partition(":")[0]


async def _body(headers: Headers, receive: Receive) -> bytes:
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:12]) > MAX_BODY:
        raise _too_large(str(int(announced[:12])))
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpError("bad_params", "the body ended early")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MAX_BODY:
                    raise _too_large("more")
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise HttpError("timeout", f"the request's body did not come within {BODY_S:g} s") from None


def _too_large(got: str) -> HttpError:
    return HttpError("too_large", f"expected a body of at most {MAX_BODY} bytes, got {got}")


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body as one message, and then what comes: that the client has gone."""
    taken = False

    async def next_message() -> Message:
        nonlocal taken
        if taken:
            return await receive()
        taken = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            more = [pair for pair in _HEADERS if pair[0] not in there]
            if b"cache-control" not in there:
                more.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return send_with_headers


async def _refuse(error: HttpError, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(error.body)).encode())]
    headers += [(name.encode(), value.encode()) for name, value in error.headers.items()]
    headers.append((b"connection", b"close"))  # what is left of a body is not waited for
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": error.body})
