"""Before a router: it is reached just when zenoh gives up the link to it, which is after two seconds. So does
one reach a router that hung, and goes on: until then the system has taken what was said to it."""

from __future__ import annotations

import asyncio
import random
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from gateway.fleet.session import OPEN_MS
from tests.support.waiting import happens

TURNS = 3
"""Of the loop, after which what was let in, or aborted, is so."""
BEFORE_S = (0.0, 0.008)
"""The moment: a link is made in four messages, some ms."""


class LateRouter:
    """Passes on all to the router at `endpoint` and back. `word`: which of a client's is late, of the first
    and the second; at the second the router is about to give up as well. One thread, `late-router`; end with
    `close`."""

    def __init__(self, endpoint: str, *, word: int = 1) -> None:
        self._word = word
        host, _, port = endpoint.partition("/")[2].rpartition(":")
        self._router = host, int(port)
        self._loop = asyncio.new_event_loop()
        self._links: set[asyncio.Task[None]] = set()
        self._chance = random.Random(0)
        self._began = threading.Event()
        self._late = self._waits = 0
        self._done = threading.Event()
        self.endpoint = ""
        self._thread = threading.Thread(target=self._run, name="late-router")
        self._thread.start()
        self._began.wait()

    def make_late(self, links: int) -> None:
        """Cut all, and make the next so many at the last moment; returns when they are."""
        self._done.clear()
        self._late = self._waits = links
        self._loop.call_soon_threadsafe(self._cut)
        happens(self._done)

    def close(self) -> None:
        """End it, with all links."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _cut(self) -> None:
        for link in self._links:
            link.cancel()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._came, "127.0.0.1", 0))
        self.endpoint = f"tcp/127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._began.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        await _turns()  # whoever was let in just now has a task then
        self._cut()
        await asyncio.gather(*self._links, return_exceptions=True)
        await _turns()

    def _came(self, reader: StreamReader, writer: StreamWriter) -> None:
        link = self._loop.create_task(self._link(reader, writer))
        self._links.add(link)
        link.add_done_callback(self._links.discard)
        link.add_done_callback(lambda _: writer.transport.abort())  # one that was cut before it began

    async def _link(self, reader: StreamReader, writer: StreamWriter) -> None:
        writers = [writer]
        tasks: list[asyncio.Task[None]] = []
        late = self._late > 0
        self._late -= late
        try:
            with suppress(OSError):
                if late and self._word == 1:
                    await self._wait()
                from_router, to_router = await asyncio.open_connection(*self._router)
                writers.append(to_router)
                waits = self._wait if late and self._word == 2 else None
                ways = [_pass(reader, to_router, waits), _pass(from_router, writer)]
                tasks += [self._loop.create_task(each) for each in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in writers:
                each.transport.abort()
                with suppress(OSError):
                    await each.wait_closed()

    async def _wait(self) -> None:
        try:
            await asyncio.sleep(OPEN_MS / 1000 - self._chance.uniform(*BEFORE_S))
        finally:
            self._waits -= 1
            if not self._waits:
                self._done.set()


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def _pass(
    reader: StreamReader, writer: StreamWriter, second: Callable[[], Awaitable[None]] | None = None
) -> None:
    """`second`: what the second word waits for."""
    words = 0
    while data := await reader.read(65536):
        words += 1
        if words == 2 and second is not None:
            await second()
        writer.write(data)
        await writer.drain()


@contextmanager
def late_router(endpoint: str, *, word: int = 1) -> Iterator[LateRouter]:
    """For the length of a test."""
    made = LateRouter(endpoint, word=word)
    try:
        yield made
    finally:
        made.close()
