"""What is around `Following`: the wire, those who keep, and the clock, as far as it needs them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gateway.collect import asking
from gateway.collect.keeping import Keeping
from gateway.fleet.keys import Gateway
from gateway.fleet.message import Position


class Keepings(Protocol):
    """See `gateway.collect.sites`."""

    def __iter__(self) -> Iterator[Keeping]: ...
    def begin(self) -> None: ...
    def of(self, site: str) -> Keeping: ...


class Wire(asking.Wire, Protocol):
    """See `gateway.collect.wire`."""

    def confirm(self, gateway: Gateway, consumer: str, position: Position) -> None: ...


class Clock(Protocol):
    """The collector's."""

    def utc(self) -> float: ...
