"""One connection, as uvicorn has it; but it is closed if a request's headers do not come in time or an answer
is not read, there are only so many, and what is no HTTP is answered in the one shape of errors."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gateway.http.answers import JSON
from gateway.http.errors import HttpError
from gateway.http.hub import Pipe

logger = logging.getLogger(__name__)

HEADERS_S = 10.0
"""From the connection, or from the first byte of a further request, to the end of its headers."""
UNREAD_S = 60.0
"""From the end of an answer until the system has taken all of it: half a megabyte at 10 kB/s."""
MOST_CONNECTIONS = 250
"""At once; each may hold 16 kB of headers and a body of 64 kB, and a stream what is written to it."""
HEADER_BYTES = 16 * 1024
MOST_HELD = 64 * 1024
"""Of events that a client has not read, in the transport's own memory; then it waits for the client."""


class ConnectionPipe(Pipe):
    """Of a connection. Where nothing is held back, who writes to the descriptor does what the transport would
    do, in much less time; with TLS it is the transport's affair."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._plain = -1

    def open(self, transport: asyncio.Transport) -> None:
        """It is there now."""
        self._transport = transport
        if transport.get_extra_info("sslcontext") is None:
            self._plain = transport.get_extra_info("socket").fileno()

    def close(self) -> None:
        """It is lost: before its descriptor may be another one's."""
        self._transport, self._plain, self.descriptor = None, -1, -1

    def write(self, data: bytes) -> bool:
        """See `Pipe`."""
        transport, self.descriptor = self._transport, -1
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > MOST_HELD:
            return False
        transport.write(data)
        return True

    def clear(self) -> None:
        """See `Pipe`."""
        transport = self._transport
        free = transport is not None and not transport.is_closing() and not transport.get_write_buffer_size()
        self.descriptor = self._plain if free else -1


class Connection(H11Protocol):
    """On the server's loop. `scope["state"]` has `abort`: break it off, whatever waits to be sent; and
    `pipe`: send bytes past the ASGI server, whose state is not concerned."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._pipe = pipe = ConnectionPipe()
        super().__init__(config, server_state, {**app_state, "abort": self._abort, "pipe": pipe}, _loop)
        self._patience: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._abort()
            return
        self._pipe.open(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`: the descriptor is closed when this is over."""
        self._pipe.close()
        self._stop_watching()
        self._all_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self.transport.get_write_buffer_size() == 0:
            self._all_read()
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See uvicorn: the whole answer was handed to the transport, which keeps what is not read."""
        super().on_response_complete()
        if self._unread is None and self.transport.get_write_buffer_size() > 0:
            self._unread = self.loop.call_later(UNREAD_S, self._left_unread)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP: say so, if nothing was said yet, and close."""
        error = HttpError("bad_request", msg)
        headers = [("content-type", JSON), ("content-length", str(len(error.body))), ("connection", "close")]
        try:
            for event in (
                h11.Response(status_code=error.status, headers=headers, reason=b"Bad Request"),
                h11.Data(data=error.body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            logger.debug("http: a request ended in what is no HTTP, and was answered already")
        self.transport.close()

    def _watch(self) -> None:
        """Be patient only while a request's headers are expected; drops of them do not prolong that."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_watching()
        elif self._patience is None:
            self._patience = self.loop.call_later(HEADERS_S, self._too_slow)

    def _stop_watching(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _all_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _left_unread(self) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size() > 0:
            self._abort()

    def _too_slow(self) -> None:
        self._patience = None
        if self.conn.their_state is h11.IDLE:
            self._abort()

    def _abort(self) -> None:
        self.transport.abort()
