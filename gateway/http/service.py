"""HTTP as a service: one thread, `http`, which binds, imports the web's libraries, and runs the server's
loop.

It begins when the first values are there: a gateway is to have its sensors before its page. Whatever goes
wrong makes this part red and is tried again; nothing else waits for it.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.config.address import parse_address
from gateway.first_values import wait_for_values
from gateway.http.listening import listening
from gateway.listening import listen_problem
from gateway.mailbox import Mailbox
from gateway.overview import LocalSource, Overview
from gateway.requests_pool import Pool
from gateway.samples import Family, counter, gauge
from gateway.service import Part, State
from gateway.service_thread import ServiceThread, left_behind

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Collection, Iterator

    from gateway.config import Config
    from gateway.http.context import Context
    from gateway.http.hub import Hub
    from gateway.http.server import Server

logger = logging.getLogger(__name__)

FIRST_S = 1.0
"""The longest wait for the first event, a sender's coming."""
SETTLE_S = 0.2
"""After that, as it comes just before the first values."""

AGAIN_S = (1.0, 30.0)
"""The first pause after it could not listen, and the longest."""
OURS = ("localhost", "127.0.0.1", "::1")
"""What a browser on this machine may call it."""
JOIN_S = 0.1
"""What `stop` gives requests that are under way. One that takes longer does not count: it holds neither the
port nor the mailbox, and may itself wait for this stop, as the request `reload` does."""


class HttpService:
    """For a config that has `http`."""

    name = "http"

    def __init__(self, config: Config, context: Context) -> None:
        assert config.http is not None
        self._config = config
        self._section = config.http
        self._context = context
        self._address = parse_address(self._section.listen)
        self.mailbox = Mailbox()
        """Where its events come from."""
        self._pool = Pool("http-request")
        self._overview = Overview(LocalSource(context.router, context.known), "http-senders")
        self._thread = ServiceThread("http", self._run)
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_loop: asyncio.Event | None = None
        self._part = Part(State.UNKNOWN, "not started yet")
        self._hub: Hub | None = None
        self._server: Server | None = None
        self._cut_before = 0  # clients of earlier runs of the loop

    def start(self) -> None:
        """See `Service`."""
        if not self._thread.is_begun:
            self._context.feed.add(self.mailbox)
            self._thread.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`."""
        if not self._thread.is_begun:
            return True
        deadline = time.monotonic() + within_s
        self._context.feed.remove(self.mailbox)
        self._stopping.set()
        self.mailbox.post(None)
        loop, stop = self._loop, self._stop_loop
        if loop is not None and stop is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(stop.set)
        ended = self._thread.wait(max(0.0, deadline - time.monotonic() - JOIN_S))
        left = max(0.0, deadline - time.monotonic())
        if not self._pool.stop(min(JOIN_S, left / 2)):
            logger.info("http: stops while a request is under way, whose answer is not sent")
        done = self._overview.close(left / 2)
        if not (ended and done):
            left_behind(self.name, within_s)
        return ended and done

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        return {"http": self._part}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        hub = self._hub
        if hub is not None:
            yield gauge("http_streams", "Clients that follow the events.", hub.clients)
            text = "Those that were cut, as they did not read."
            yield counter("http_streams_cut_total", text, self._cut_before + hub.cut)

    def dropped(self) -> dict[str, int]:
        """See `Dropping`."""
        return self.mailbox.lost.counts()

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        server = self._server
        return {"http": server.turned} if server is not None else {}

    # The service's thread

    def _run(self) -> None:
        wait_for_values(self.mailbox, self._stopping, FIRST_S, SETTLE_S)
        import asyncio  # takes longer than all else that this service has imported until now

        pause_s, longest_s = AGAIN_S
        while not self._stopping.is_set():
            try:
                with listening(self._address) as bound:
                    asyncio.run(self._serve(bound))
            except (OSError, ValueError) as error:
                self._failed(listen_problem(self._config, "http", self._section.listen, error), pause_s)
            except Exception:
                logger.exception("http: it failed, and begins anew; please report this")
                self._part = Part(State.FAILING, "it failed, and begins anew; see the log")
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, longest_s)

    async def _serve(self, bound: socket.socket) -> None:
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        from gateway.http.app import Doors, make_app
        from gateway.http.calls import Calls
        from gateway.http.hub import Hub
        from gateway.http.server import Server

        token = self._section.token
        doors = Doors(
            token.get_secret_value() if token else None, self._hosts(), self._section.tls is not None
        )
        hub, before = Hub(), self._hub
        self._cut_before += before.cut if before is not None else 0
        self._hub = hub
        app = make_app(self._context, Calls(self._pool), self._overview, hub, doors)
        self._stop_loop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(1, "http-reports"))  # the loop's end joins it
        if self._stopping.is_set():
            return
        logger.info("http: the dashboard is at %s", self._section.url)
        self._part = Part(State.OK, f"listening on {self._section.listen}")
        self._server = Server(app, self.mailbox, hub)
        try:
            await self._server.serve(bound, self._tls(), self._stop_loop)
        finally:
            self._server = None

    def _hosts(self) -> Collection[str] | None:
        """Beyond this machine a token is asked for, which keeps other sites' pages out; so there any name
        will do, unless some are said."""
        given = self._section.hosts
        if not given and (self._address.unix or not self._address.local):
            return None
        return {*OURS, *given, self._address.host}

    def _tls(self) -> ssl.SSLContext | None:
        tls = self._section.tls
        if tls is None:
            return None
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._config.read_at(tls.cert), self._config.read_at(tls.key))
        return context

    def _failed(self, text: str, pause_s: float) -> None:
        if text != self._part.message:
            logger.error("%s", text)
        self._part = Part(State.FAILING, text, {"again": pause_s})
