"""What tests of `sig.aio` share."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import sig
from sig import aio
from sig.aio import Connecting
from tests.sig.netkit import WAIT_S, Net


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end, after which no other task may be left, nor anything have failed unheard."""
    failed: list[dict[str, Any]] = []

    async def limited() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
        async with asyncio.timeout(1.5 * WAIT_S):
            result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left
        return result

    result = asyncio.run(limited())
    assert not failed
    return result


def in_thread(function: Callable[[], object]) -> None:
    """Call it on a thread of its own, and wait for its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join(WAIT_S)


_start = threading.Thread.start


def no_thread(thread: threading.Thread) -> None:
    """In place of `threading.Thread.start`: this machine has no thread left for `sig.aio`."""
    if thread.name == "sig-aio":
        raise RuntimeError("can't start new thread")
    _start(thread)


def temp_of(router: sig.Router) -> sig.Sender:
    """A sender with a channel and a plain event."""
    return router.addSender("temp", ["#changed", "hot"], {"read": lambda _params: 23.5})


async def take(events: AsyncIterator[tuple[dict[str, Any], Any]], count: int) -> list[Any]:
    """The data of so many events."""
    return [(await anext(events))[1] for _ in range(count)]


def url_of(net: Net) -> str:
    """Where its server listens, as `aio.connect` takes it."""
    if net.kind == "unix":
        return net.host
    host = f"[{net.host}]" if ":" in net.host else net.host
    return f"{'tls' if net.kind == 'tls' else 'tcp'}://{host}:{net.port}"


def connect_to(net: Net, **options: Any) -> Connecting:
    """`aio.connect` to its server, whose certificate is trusted."""
    if net.authority is not None:
        options["ssl_context"] = ssl.create_default_context()
        net.authority.configure_trust(options["ssl_context"])
    return aio.connect(url_of(net), **{"limits": net.limits, **options})


class Proxy:
    """Between a client and a server, on the loop that is tested: a blocked one lets nothing through."""

    def __init__(self, net: Net) -> None:
        self._to = net.host, net.port
        self._writers: list[asyncio.StreamWriter] = []
        # While this is not set nothing is read, on either side.
        self.flows = asyncio.Event()
        self.flows.set()
        self.came = 0

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.flows.set()
        self._server.close()
        self.drop()
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def drop(self) -> None:
        """End all connections through it."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self._writers.append(writer)
        try:
            there, back = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(back)
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        for each in (writer, back):
            each.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way, to its end: who leaves sends no more, and what it has sent before is still to arrive."""
        try:
            while data := await reader.read(4096):
                await self.flows.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()
