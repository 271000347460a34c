"""The operations of the API: what each takes, gives and refuses. Routes and document are made of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.encoding import decode
from gateway.http.errors import HttpError


class Call(NamedTuple):
    """A request for an operation. `given`: its parameters by name, None for those that were left out."""

    request: Request
    given: Mapping[str, Any]
    body: bytes

    def json(self) -> Any:
        """The body; None for an empty one."""
        if not self.body.strip():
            return None
        try:
            return decode(self.body.decode())
        except (ValueError, RecursionError) as error:
            raise HttpError("bad_params", f"expected JSON, got {self.body[:60]!r}: {error}") from None


Endpoint = Callable[[Call], Awaitable[Response]]

EVERY = ("bad_request", "bad_host", "bad_params", "too_large", "busy", "timeout")
"""Errors that any operation may have before it is looked at; `unauthorized` too, where a token is needed."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One in the path, in the query or in a header. `least`, `most`: it is a whole number between them."""

    name: str
    text: str
    where: str = "query"
    example: object = None
    least: int | None = None
    most: int | None = None
    one_of: tuple[str, ...] = ()
    default: object = None

    def parsed(self, text: str) -> Any:
        """What was meant. Raises `HttpError`."""
        if self.least is not None and self.most is not None:
            fits = text.isascii() and text.isdigit() and len(text) < 10
            if not fits or not self.least <= int(text) <= self.most:
                expected = f"a whole number from {self.least} to {self.most}"
                raise HttpError("bad_params", f"{self.name}: expected {expected}, got {text[:60]!r}")
            return int(text)
        if self.one_of and text not in self.one_of:
            expected = " or ".join(self.one_of)
            raise HttpError("bad_params", f"{self.name}: expected {expected}, got {text[:60]!r}")
        return text


@dataclass(frozen=True, slots=True)
class Operation:
    """`gives`: a model, or a media type; `many`: a list of it. `refuses`: types of errors beside EVERY's.
    `open`: no token is asked for. `also`: a status that has the same answer as 200."""

    method: str
    path: str
    text: str
    endpoint: Endpoint
    gives: type[BaseModel] | str
    takes: type[BaseModel] | None = None
    takes_any: bool = False
    parameters: tuple[Parameter, ...] = ()
    refuses: tuple[str, ...] = ()
    many: bool = False
    open: bool = False
    also: int | None = None

    @property
    def errors(self) -> tuple[str, ...]:
        """Types of all errors that it may have."""
        own = () if self.open else ("unauthorized",)
        return (*EVERY, *own, *(("forbidden",) if self.method == "POST" else ()), *self.refuses)

    def route(self) -> Route:
        """Where the path is matched as it came, percent-encoded: a name may have a slash in it."""

        async def answer(request: Request) -> Response:
            body = await request.body()
            return await self.endpoint(Call(request, self._given(request), body))

        return Route(self.path, answer, methods=[self.method])

    def _given(self, request: Request) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.where == "path":
                given[parameter.name] = unquote(request.path_params[parameter.name], errors="replace")
                continue
            there = request.headers if parameter.where == "header" else request.query_params
            text = there.get(parameter.name)
            given[parameter.name] = parameter.default if text is None else parameter.parsed(text)
        return given
