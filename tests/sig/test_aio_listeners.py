"""`sig.aio.listen`: coroutine functions that are called with each event."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

import sig
from sig import aio
from tests.sig.aiokit import run, temp_of
from tests.sig.netkit import Logged, Net, signal_of


def test_in_order_one_at_a_time() -> None:
    """The next event waits for the listener to be done with this one; others are not held up."""

    async def main() -> None:
        router = sig.Router()
        signal = signal_of(temp_of(router), "hot")
        heard: list[Any] = []
        done = asyncio.Event()

        async def slow(info: dict[str, Any], data: int) -> None:
            heard.append(("begins", info["sender"], data))
            await asyncio.sleep(0.001 * (3 - data))
            heard.append(("ends", info["event"], data))
            if data == 2:
                done.set()

        async with aio.listen(router, slow, "temp", "hot") as listening:
            for n in range(3):
                signal.trigger(n)
            assert heard == []
            await done.wait()
            assert listening.dropped == 0
        assert heard == [each for n in range(3) for each in (("begins", "temp", n), ("ends", "hot", n))]
        signal.trigger(3)
        await asyncio.sleep(0)
        assert len(heard) == 6

    run(main())


def test_what_it_raises_is_logged(logged: Logged) -> None:
    """With the traceback; `sys.exit()` and a cancel of itself, too. It hears the next event."""

    async def main() -> None:
        router = sig.Router()
        signal = signal_of(temp_of(router), "hot")
        heard: asyncio.Queue[Any] = asyncio.Queue()

        async def bad(_info: Any, data: Any) -> None:
            await heard.put(data)
            if data == "exit":
                sys.exit("enough")
            if data == "cancel":
                raise asyncio.CancelledError
            raise ZeroDivisionError(data)

        async with aio.listen(router, bad, "temp"):
            for data in ("one", "exit", "cancel", "two"):
                signal.trigger(data)
            assert [await heard.get() for _ in range(4)] == ["one", "exit", "cancel", "two"]

    run(main())
    text = logged.wait_for("a listener failed on 'hot' of 'temp'")
    assert "ZeroDivisionError: one" in text
    assert "SystemExit: enough" in logged.wait_for("a listener failed on 'hot' of 'temp'")
    logged.wait_for("a listener was cancelled on 'hot' of 'temp'")
    assert "ZeroDivisionError: two" in logged.wait_for("a listener failed")


def test_the_oldest_is_dropped() -> None:
    """As `events` does, counted."""

    async def main() -> None:
        router = sig.Router()
        signal = signal_of(temp_of(router), "hot")
        heard: asyncio.Queue[Any] = asyncio.Queue()

        async def listener(_info: Any, data: Any) -> None:
            await heard.put(data)

        async with aio.listen(router, listener, "temp", "hot", max_waiting=3) as listening:
            for n in range(10):
                signal.trigger(n)
            assert [await heard.get() for _ in range(3)] == [7, 8, 9]
            assert listening.dropped == 7

    run(main())


def test_every_way_to_leave() -> None:
    """The block's end cancels a listener at work, aclose of another task does; its own is its last event."""

    async def main() -> None:
        router = sig.Router()
        temp = temp_of(router)
        signal = signal_of(temp, "hot")
        told: asyncio.Queue[str] = asyncio.Queue()

        async def slow(_info: Any, _data: Any) -> None:
            await told.put("begins")
            try:
                await asyncio.Event().wait()
            finally:
                await told.put("ends")

        async with aio.listen(router, slow, "temp", "hot"):
            signal.trigger()
            assert await told.get() == "begins"
        assert told.get_nowait() == "ends"
        assert not temp.hasListeners()

        listening = await aio.listen(router, slow, "temp", "hot")
        signal.trigger()
        assert await told.get() == "begins"
        await listening.aclose()
        assert told.get_nowait() == "ends"
        await listening.aclose()

        async def once(_info: Any, data: Any) -> None:
            await own.aclose()
            await told.put(data)

        own = await aio.listen(router, once, "temp", "hot")
        signal.trigger("first")
        signal.trigger("second")
        assert await told.get() == "first"
        assert not temp.hasListeners()
        await own.aclose()
        assert told.empty()
        await aio.listen(router, once).aclose()

    run(main())


def test_the_end_of_the_loop_ends_it() -> None:
    """Though nobody closed it, nor kept it."""
    router = sig.Router()
    temp = temp_of(router)

    async def listener(_info: Any, _data: Any) -> None:
        """Hears nothing."""

    async def main() -> None:
        await aio.listen(router, listener, "temp", "hot")
        await asyncio.sleep(0)
        assert temp.hasListeners()

    asyncio.run(main())
    assert not temp.hasListeners()


def test_remote(net: Net) -> None:
    """At the server, on every carrier."""
    server = net.server()
    client = net.client()

    async def main() -> None:
        heard: asyncio.Queue[Any] = asyncio.Queue()

        async def listener(info: dict[str, Any], data: Any) -> None:
            await heard.put((info["event"], data))

        async with aio.listen(client, listener, event="#changed", remote=True):
            temp = temp_of(server)
            signal_of(temp, "#changed").trigger(1)
            assert await heard.get() == ("#changed", 1)
            with pytest.raises(LookupError, match="does not declare"):
                await aio.listen(client, listener, "temp", "cold", remote=True)

    run(main())
    assert "subscription" not in str(client)


def test_what_is_refused() -> None:
    """A function that is none of asyncio's; a second use."""

    async def listener(_info: Any, _data: Any) -> None:
        """Hears nothing."""

    async def main() -> None:
        router = sig.Router()
        with pytest.raises(TypeError, match=r"coroutine function.*; for others there is addListener"):
            aio.listen(router, lambda _info, _data: None)  # type: ignore[arg-type, return-value]
        with pytest.raises(TypeError, match="ClientRouter"):
            aio.listen(router, listener, remote=True)
        async with aio.listen(router, listener) as listening:
            with pytest.raises(RuntimeError, match="for each"):
                await listening

    run(main())
