"""`events`: a subscription as an async iterator."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Any

from sig.aio.threads import client_of, on_thread
from sig.event import BUILTIN_EVENTS
from sig.router import Router

# Of 500 bytes each that is 0.5 MB at most, and a second of a loop that is held up at 1,000 events/s.
MAX_WAITING = 1024
# An iterator that always has more takes so many before the loop's other tasks get a turn: some 0.1 ms.
EVENTS_PER_TURN = 64

Item = tuple[dict[str, Any], Any]


class _Buffer:
    """The listener of one iterator, and what it has heard. It does not know its iterator, so that one which
    everybody forgot is collected, though the router still has this.
    """

    def __init__(
        self, router: Router, sender: str | None, event: str | None, remote: bool, most: int
    ) -> None:
        self._add = client_of(router).addRemoteListener if remote else router.addListener
        self._remove = client_of(router).removeRemoteListener if remote else router.removeListener
        self._names = (sender, event)
        self._remote = remote
        self._most = most
        # Re-entrant, as a garbage collection in the middle of `put` may trigger an event.
        self._lock = threading.RLock()
        self._items: deque[Item] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._woken = False
        self._closed = False
        self.dropped = 0

    async def open(self) -> None:
        """Subscribe, once; remotely that waits for the server's answer."""
        if self._loop is not None or self._closed:
            return
        self._loop = asyncio.get_running_loop()
        try:
            added = await on_thread(self._subscribe) if self._remote else self._subscribe()
        except BaseException:
            self.close()
            raise
        if not added:
            self.close()  # who goes on all the same must not wait for what never comes
            sender, event = self._names
            raise LookupError(f"sender '{sender}' does not declare the event '{event}'")

    def _subscribe(self) -> bool:
        added = self._add(self.put, *self._names)
        if self._closed:  # while the server was asked
            self._remove(self.put, *self._names)
        return added

    def put(self, info: dict[str, Any], data: Any) -> None:
        """The listener: any thread."""
        loop = self._loop
        assert loop is not None
        gone = None  # to be freed without the lock, as its finalizer may be anybody's
        with self._lock:
            ended = self._closed or loop.is_closed()
            if not ended:
                if len(self._items) >= self._most:
                    gone = self._drop_one()
                self._items.append((info, data))
                if self._waiter is None or self._woken:
                    return
                self._woken = True
        del gone
        try:
            if not ended:
                loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # closed this moment
            ended = True
        if ended:
            self.close()

    def _drop_one(self) -> Item:
        """Make room: the oldest goes, but #connect and #disconnect only if there is nothing else."""
        others = (n for n, (info, _) in enumerate(self._items) if info.get("event") not in BUILTIN_EVENTS)
        at = next(others, 0)
        item = self._items[at]
        del self._items[at]
        self.dropped += 1
        return item

    async def get(self) -> Item | None:
        """The oldest, as soon as there is one; None once closed."""
        while True:
            with self._lock:
                if self._items:
                    return self._items.popleft()
                if self._closed:
                    return None
                self._waiter = asyncio.get_running_loop().create_future()
                self._woken = False
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Unsubscribe, and throw away what waits. Any thread, any number of times."""
        self._closed = True
        with self._lock:
            waiting, self._items = self._items, deque()
        self._remove(self.put, *self._names)
        waiting.clear()

    def finish(self) -> None:
        """Close, on the loop, and let who waits know."""
        self.close()
        self._wake()

    def forget(self) -> None:
        """Close, from a finalizer. That may have interrupted what holds a connection's locks."""
        if self._loop is None or self._closed:
            return
        if not self._remote:
            self.close()
            return
        self._closed = True
        with suppress(RuntimeError):  # the loop is closed: then the next event unsubscribes
            self._loop.call_soon_threadsafe(self.close)


class Events(AsyncIterator[Item]):
    """What `events` returns; for one task at a time."""

    def __init__(self, buffer: _Buffer) -> None:
        self._buffer = buffer
        self._entered = False
        self._busy = False
        self._taken = 0

    @property
    def dropped(self) -> int:
        """How many events were thrown away because too many waited."""
        return self._buffer.dropped

    async def __aenter__(self) -> Events:
        """Subscribe, until the end of the block."""
        self._entered = True
        await self._buffer.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def __anext__(self) -> Item:
        if self._busy:
            raise RuntimeError("a task waits for these events already: give each task events of its own")
        self._busy = True
        try:
            await self._buffer.open()
            self._taken += 1
            if self._taken % EVENTS_PER_TURN == 0:
                await asyncio.sleep(0)
            item = await self._buffer.get()
        except (asyncio.CancelledError, GeneratorExit):
            if not self._entered:
                self._buffer.close()
            raise
        finally:
            self._busy = False
        if item is None:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """End the subscription; a task that waits for an event leaves its loop. Any number of times."""
        self._buffer.finish()

    def __del__(self) -> None:
        self._buffer.forget()


def events(
    router: Router,
    sender: str | None = None,
    event: str | None = None,
    *,
    remote: bool = False,
    max_waiting: int = MAX_WAITING,
) -> Events:
    """A subscription, as `addListener` (with `remote`, the ClientRouter's `addRemoteListener`) makes it, to
    be iterated over: `async for info, data in events(...)`.

    It begins when it is first waited for, or on entering `async with events(...) as heard:`; it ends when
    that loop or block is left, in whatever way. A cancelled wait ends it too, unless it is in such a block.
    Raises LookupError if the sender is connected and does not declare the event.

    Of more than `max_waiting` events that wait, the oldest is dropped, and counted in `dropped`; #connect and
    #disconnect are dropped only if nothing else waits.
    """
    if max_waiting < 1:
        raise ValueError(f"max_waiting: expected 1 or more, got {max_waiting}")
    return Events(_Buffer(router, sender, event, remote, max_waiting))
