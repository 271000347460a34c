"""The stream of events, for each client.

A client has its own task, which sends what the hub has for it, and every few seconds that the gateway is
alive; while it sleeps, the hub writes events itself. A client that has gone is noticed by its connection; one
that does not read is cut by the hub, told why if it reads within a while, and else its connection is broken
off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from drivers.reading import format_utc
from gateway.event_id import EventId
from gateway.history.rows import Kept
from gateway.http.auth import COOKIE
from gateway.http.calls import REQUEST_S, Calls
from gateway.http.context import Context
from gateway.http.errors import HttpError
from gateway.http.hub import KEPT, MOST_CLIENTS, Client, Event, Hub, event_message, gap_message, message
from gateway.http.operations import Call, Operation, Parameter
from gateway.http.senders import GATEWAY

logger = logging.getLogger(__name__)

ALIVE_S = 5.0
"""So often it is said, whatever else is: a page that hears nothing for three times as long connects anew."""
STUCK_S = 10.0
"""What is written has to be read within so long."""
FROM_HISTORY = 5000
"""Events that a client gets which comes back after a long time; of more, it is told that there is a gap."""
STREAM = "text/event-stream"
_LAST = "the id of the last event that was seen: what came since comes first, or one event `gap`"


class Events:
    """Endpoints, on the server's loop."""

    def __init__(self, context: Context, calls: Calls, hub: Hub) -> None:
        self._context = context
        self._calls = calls
        self._hub = hub

    def operations(self) -> tuple[Operation, ...]:
        """The one of them."""
        return (
            Operation(
                "GET",
                "/api/v1/events",
                "Events as they come, as server-sent events: `id`, and as data what `watch --json` prints; "
                f"every {ALIVE_S:g} s an event `alive` with the gateway's time; `gap` where some miss; "
                "`cut` with the reason before the gateway ends the stream",
                self.stream,
                STREAM,
                parameters=(
                    *((GATEWAY,) if self._context.fleet is not None else ()),
                    Parameter("sender", "only those of this sender", example="temp"),
                    Parameter("event", "only those of this name", example="#changed"),
                    Parameter("recent", "the last so many of those come first", least=0, most=KEPT),
                    Parameter("last_event_id", _LAST, example="1763793000123-0"),
                    Parameter("Last-Event-ID", f"{_LAST}; the query's counts, if both are there", "header"),
                ),
                refuses=("failed",),
            ),
        )

    async def stream(self, call: Call) -> Response:
        """From now on, or from where the client was."""
        if self._hub.clients >= MOST_CLIENTS:
            raise HttpError(
                "busy", f"{MOST_CLIENTS} clients follow the events already", {"retry-after": "10"}
            )
        wake = asyncio.Event()
        owner = call.request.cookies.get(COOKIE)
        scope = call.request.scope
        client = Client(
            call.given["sender"],
            call.given["event"],
            wake.set,
            scope["state"]["pipe"],  # past the ASGI server, as HTTP/1.1 frames it; 1.0 has no frames
            owner,
            framed=scope["http_version"] != "1.0",
            gateway=call.given.get("gateway"),
        )
        last = call.given["last_event_id"] or call.given["Last-Event-ID"]
        # Nothing is awaited between what is kept and what comes from now on, so none is lost or told twice.
        recent: int = call.given["recent"] or 0
        missing = self._recent(client, recent) if last is None else self._since(last)
        oldest, newest = self._hub.oldest, self._hub.last
        kept = missing if missing is not None else self._hub.all()
        self._hub.follow(client)
        try:
            first = b"".join(event.message for event in kept if client.wants(event))
            if missing is None:
                first = await self._earlier(EventId.parse(last or ""), client, oldest, newest, first)
        except BaseException:
            self._hub.leave(client)
            raise
        return _Stream(client, wake, first, self._hub)

    def _recent(self, client: Client, count: int) -> list[Event]:
        wanted = [event for event in self._hub.all() if client.wants(event)]
        return wanted[len(wanted) - count :] if count < len(wanted) else wanted

    def _since(self, last: str) -> list[Event] | None:
        parsed = EventId.parse(last)
        return None if parsed is None else self._hub.since(parsed)

    async def _earlier(
        self, last: EventId | None, client: Client, oldest: EventId | None, newest: EventId, kept: bytes
    ) -> bytes:
        """What history has of the time before the `kept` events, and those; or a gap alone."""
        history = self._context.history()
        if last is None or history is None or last > newest:
            return gap_message(
                newest, "it is not known any more what came after the last event that was seen"
            )
        limit = FROM_HISTORY + KEPT
        found: list[Kept] | None = await self._calls.run(lambda: history.since(last, limit), REQUEST_S, "it")
        if found is None or len(found) >= limit:
            return gap_message(
                newest, f"more than {FROM_HISTORY} events, or a part that is not kept, came since"
            )
        earlier = [each for each in found if oldest is None or each.id < oldest]
        wanted = [each for each in earlier if client.wants(each)]
        said = (event_message(each.id, each.sender, each.event, each.data) for each in wanted)
        return b"".join([*said, kept])


class _Stream(Response):
    """What the client gets, until one of the two ends it. `first`: before what the hub has."""

    def __init__(self, client: Client, wake: asyncio.Event, first: bytes, hub: Hub) -> None:
        super().__init__(media_type=STREAM, headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._client = client
        self._wake = wake
        self._first = first
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        gone = asyncio.ensure_future(_gone(receive, self._wake.set))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            if scope["method"] != "HEAD":
                await self._send_all(scope, gone, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._hub.leave(self._client)
            gone.cancel()

    async def _send_all(self, scope: Scope, gone: asyncio.Future[None], send: Send) -> None:
        try:
            await _write(alive() + self._first, send)
            self._first = b""
            due = time.monotonic() + ALIVE_S
            while not gone.done():
                self._wake.clear()  # first: what comes from here on wakes
                if (now := time.monotonic()) >= due:
                    due = now + ALIVE_S
                    await _write(alive(), send)
                while waits := self._client.take():
                    await _write(waits, send)
                if self._client.cut is not None:
                    await _write(message(self._client.cut, kind="cut"), send)
                    return
                self._client.pipe.clear()
                self._client.idle = True
                await _wait(self._wake, due - time.monotonic())
                self._client.idle = False
        except TimeoutError:
            why = self._client.cut or f"what was sent was not read within {STUCK_S:g} s"
            logger.info("http: a client of the events is cut off: %s", why)
            abort: Callable[[], None] = scope["state"]["abort"]
            abort()


def alive() -> bytes:
    """With the gateway's time: the client sees how long ago it was."""
    return message(format_utc(time.time()), kind="alive")


async def _write(data: bytes, send: Send) -> None:
    """Raises TimeoutError if what was written before is not read."""
    async with asyncio.timeout(STUCK_S):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


async def _gone(receive: Receive, tell: Callable[[], None]) -> None:
    """Until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    tell()
