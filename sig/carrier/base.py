"""The contract between routers and whatever carries their bytes.

A carrier makes connections; each is a `Channel`, which moves bytes and knows nothing of their meaning. To
carry `sig` over something new (a serial line, an SSH tunnel, WebSockets), write a Channel, and a
`ServerCarrier` with `listen` or a `ClientCarrier` with `open`; tests/sig/test_carrier_contract.py is what it
has to pass.

    carrier = CarrierTCPServer()
    server = sig.ServerRouter(carrier)     # binds: from now on each new channel gets a connection
    carrier.start("localhost", 7300)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sig import log
from sig.errors import USER_FAULTS
from sig.limits import DEFAULT, Limits
from sig.net.channel import Channel as Channel
from sig.wire import Codec, JsonCodec

if TYPE_CHECKING:
    from sig.net.connection import Connection

# What a router does with a new channel: make a connection of it.
Accept = Callable[[Channel], "Connection"]


class Carrier(ABC):
    """What carriers of both roles have in common.

    `on_connected` and `on_disconnected` may be set to functions without arguments. A client's are called when
    its connection is made and lost, on a thread of the carrier (or the one that called `connect` or
    `disconnect`); a server's when it has started and stopped to listen.
    """

    def __init__(
        self, token: str | None = None, codec: Codec | None = None, limits: Limits = DEFAULT
    ) -> None:
        """`token`: what a server wants of its clients, and what a client shows to its server."""
        self.token = token
        self.on_connected: Callable[[], Any] | None = None
        self.on_disconnected: Callable[[], Any] | None = None
        self.auto_reconnect = True
        self.codec: Codec = codec or JsonCodec()
        self.limits = limits
        self._accept: Accept | None = None
        self._greet: Callable[[Connection], None] | None = None
        self._finish: Callable[[], None] | None = None

    def bind(
        self,
        accept: Accept,
        greet: Callable[[Connection], None] | None = None,
        finish: Callable[[], None] | None = None,
    ) -> None:
        """Called by the router that is to use the carrier. Raises ValueError if another one does.

        `accept` makes a connection of a channel; the carrier starts it. A client's carrier then calls `greet`
        with it, and `finish` when it will not connect again by itself.
        """
        if self._accept is not None:
            raise ValueError("this carrier belongs to a router already: make a carrier for each router")
        self._accept, self._greet, self._finish = accept, greet, finish

    @abstractmethod
    def isConnected(self) -> bool:
        """A client's: whether its connection stands. A server's: whether it listens."""

    def accept(self, channel: Channel) -> Connection:
        """Hand a new channel to the router."""
        if self._accept is None:
            raise ValueError("no router uses this carrier: make a ServerRouter or ClientRouter with it first")
        return self._accept(channel)

    def greet(self, connection: Connection) -> None:
        """Have the router greet the server. Raises RequestError if that fails."""
        if self._greet is not None:
            self._greet(connection)

    def finish(self) -> None:
        """Let the router know that there will be no connection any more, until the next `connect`."""
        if self._finish is not None:
            self._finish()

    def notify(self, callback: Callable[[], Any] | None) -> None:
        """Call `on_connected` or `on_disconnected`."""
        try:
            if callback is not None:
                callback()
        except USER_FAULTS:
            log.failure("on_connected or on_disconnected failed")
