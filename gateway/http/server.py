"""The server: uvicorn's connections on a loop of ours, the router's events, and their end."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from contextlib import suppress
from email.utils import formatdate
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from drivers.clock import SYSTEM_CLOCK
from gateway.http.connection import HEADER_BYTES, Connection
from gateway.http.hub import Hub
from gateway.mailbox import Mailbox
from sig import log

HANDSHAKE_S = 10.0
BATCH = 256
"""Events taken between two looks at the connections."""
GRACE_S = 0.2
"""What connections have at the end to send what they have begun."""
IDLE_S = 15
"""A connection that has no request for so long is closed."""
BACKLOG = 100
"""Connections that may wait to be accepted."""
CROWDED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
TICK_S = 1.0
"""So often the date in the answers is made."""


class Server:
    """For one run of a loop. `stop` is for any thread."""

    def __init__(self, app: ASGIApp, mailbox: Mailbox, hub: Hub) -> None:
        self._mailbox = mailbox
        self._hub = hub
        self._config = Config(
            _may_be_broken_off(app),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_S,
            h11_max_incomplete_event_size=HEADER_BYTES,
        )
        self._state = ServerState()
        self.turned = SYSTEM_CLOCK.monotonic()
        """When the loop went round last, monotonic. For any thread."""

    async def serve(self, listening: socket.socket, tls: ssl.SSLContext | None, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        loop = asyncio.get_running_loop()
        self._config.load()
        self._tell_time()
        handshake_s = HANDSHAKE_S if tls is not None else None
        loop.set_exception_handler(_unhandled)
        # asyncio accepts as many as its backlog at once, and without descriptors it tries for each of them,
        # logs it, and sets itself a timer for it, all of which do the same a second later.
        server = await loop.create_server(
            self._connection, sock=listening, ssl=tls, ssl_handshake_timeout=handshake_s, backlog=1
        )
        listening.listen(BACKLOG)
        loop.add_reader(self._mailbox.fd, self._take_events)
        self._take_events()
        try:
            while not stop.is_set():
                self.turned = SYSTEM_CLOCK.monotonic()
                self._tell_time()
                await _until(stop, TICK_S)
        finally:
            loop.remove_reader(self._mailbox.fd)
            server.close()
            await self._end()

    def _connection(self) -> Connection:
        return Connection(self._config, self._state, {}, asyncio.get_running_loop())

    def _take_events(self) -> None:
        """From the mailbox to the hub."""
        mailbox = self._mailbox
        mailbox.woken()
        mailbox.awake()
        for noted in mailbox.events(BATCH):
            self._hub.heard(noted.id, noted.sender, noted.event, noted.body.data)
        if losses := mailbox.losses():
            lost = sum(loss.count for loss in losses.values())
            self._hub.missed(f"{lost} events were lost: the gateway has too much to do")
        if not mailbox.prepare_to_sleep():
            asyncio.get_running_loop().call_soon(self._take_events)

    def _tell_time(self) -> None:
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]

    async def _end(self) -> None:
        """Streams are told, answers that have begun are ended, and then all is broken off."""
        self._hub.close("the gateway stops")
        for connection in list(self._state.connections):
            connection.shutdown()
        deadline = time.monotonic() + GRACE_S
        while (self._state.connections or self._state.tasks) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(self._state.connections):
            connection.transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """That there are no descriptors for one more connection happens each second, for as long as it lasts."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in CROWDED:
        log.repeated.note("http", f"http: no connection can be accepted: {error.strerror}", "anybody")
    else:
        loop.default_exception_handler(context)


def _may_be_broken_off(app: ASGIApp) -> ASGIApp:
    """Uvicorn would log an answer that is cancelled, at the end, as a defect."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return called


async def _until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
