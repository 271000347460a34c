"""The operations of the API: what each takes, gives and refuses. Routes and document are made of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
EVERY = ("bad_host", "too_large", "timeout", "bad_params")
"""Errors that any operation may have, before it is looked at."""
OPEN = ("forbidden", *EVERY)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One in the path or in the query. `kind`: JSON schema's type."""

    name: str
    text: str
    kind: str = "string"
    where: str = "query"
    example: object = None
    least: int | None = None
    most: int | None = None
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """`gives`: a model, or the name of a media type. `refuses`: types of errors beside EVERY's. `open`: no
    token is asked for."""

    method: str
    path: str
    text: str
    endpoint: Endpoint
    gives: type[BaseModel] | str
    takes: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    refuses: tuple[str, ...] = ()
    many: bool = False
    open: bool = False
    more: dict[int, type[BaseModel]] = field(default_factory=dict)
