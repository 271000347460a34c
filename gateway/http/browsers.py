"""Who may come in, by the headers of a request; and how a browser says the token once, and is forgotten."""

from __future__ import annotations

import time
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv6Address, IPv6Network

from pydantic import ValidationError
from starlette.responses import Response

from gateway.http.answers import succeeded
from gateway.http.auth import COOKIE, COOKIE_S, Auth, Verdict
from gateway.http.errors import HttpError
from gateway.http.guard import Headers, Scope
from gateway.http.hub import Hub
from gateway.http.operations import Call, Operation
from gateway.http.schemas import Answered, Login

IPV6_PREFIX = 64
"""Bits of an address that are the network's."""
OPEN = ("/", "/login", "/logout")
OPEN_UNDER = "/static/"
"""The page itself, which has nothing of the gateway's in it until somebody has come in."""


class Browsers:
    """Endpoints, and the check of all requests, on the server's loop. `secure`: the cookie goes over TLS
    alone."""

    def __init__(self, auth: Auth, hub: Hub, *, secure: bool) -> None:
        self._auth = auth
        self._hub = hub
        self._secure = secure

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation(
                "POST",
                "/login",
                "For browsers: the token gets a cookie",
                self.login,
                Answered,
                takes=Login,
                open=True,
                refuses=("unauthorized",),
            ),
            Operation(
                "POST", "/logout", "The cookie is good for nothing any more", self.logout, Answered, open=True
            ),
        )

    def admit(self, scope: Scope, headers: Headers) -> None:
        """Raises `HttpError` for who has neither said the token nor has a cookie."""
        path = scope["path"]
        if not self._auth.required or path in OPEN or path.startswith(OPEN_UNDER):
            return
        now = time.monotonic()
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            _heed(self._auth.says(token.strip(), address_of(scope), now))
            return
        if not self._auth.knows(cookie_of(headers), now):
            raise _unauthorized("this gateway wants its token: Authorization: Bearer TOKEN, or POST /login")

    async def login(self, call: Call) -> Response:
        """A cookie that no script of the page can read, and no other site can have sent."""
        try:
            said = Login.model_validate(call.json())
        except ValidationError:
            raise HttpError("bad_params", 'expected {"token": "…"}') from None
        now = time.monotonic()
        _heed(self._auth.says(said.token, address_of(call.request.scope), now))
        answer = succeeded(None)
        if self._auth.required:
            self._set(answer, self._auth.new_cookie(now), round(COOKIE_S))
        return answer

    async def logout(self, call: Call) -> Response:
        """Streams that were opened with it end, too."""
        cookie = call.request.cookies.get(COOKIE, "")
        self._auth.revoke(cookie)
        self._hub.end_of(cookie, "logged out")
        answer = succeeded(None)
        self._set(answer, "", 0)
        return answer

    def _set(self, answer: Response, cookie: str, max_age_s: int) -> None:
        answer.set_cookie(
            COOKIE, cookie, max_age=max_age_s, secure=self._secure, httponly=True, samesite="strict"
        )


def address_of(scope: Scope) -> str:
    """Whose tries are counted together; a Unix socket's clients have none. Of IPv6 it is the network's part:
    in that, a machine gives itself as many addresses as it likes."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    if ":" not in address:
        return address
    ipv6 = IPv6Address(address)
    return str(ipv6.ipv4_mapped or IPv6Network((ipv6.packed, IPV6_PREFIX), strict=False).network_address)


def cookie_of(headers: Headers) -> str:
    """Ours, or nothing."""
    try:
        morsel = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def _heed(verdict: Verdict) -> None:
    if verdict.wait_s > 0:
        text = f"too many wrong tokens; try again in {verdict.wait_s:.1f} s"
        raise HttpError("busy", text, {"retry-after": str(int(verdict.wait_s) + 1)})
    if not verdict.right:
        raise _unauthorized("that is not this gateway's token: http.token in its config")


def _unauthorized(text: str) -> HttpError:
    return HttpError("unauthorized", text, {"www-authenticate": "Bearer"})
