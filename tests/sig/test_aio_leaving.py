"""`sig.aio.events`: every way to leave, and that none leaves anything behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import sig
from sig import aio
from tests.sig.aiokit import in_thread, run, take, temp_of
from tests.sig.netkit import Net, eventually, signal_of


async def _leave_by_break(router: sig.Router) -> None:
    async for _ in aio.events(router, "temp", "hot"):
        break


async def _leave_by_error(router: sig.Router) -> None:
    async def listen() -> None:
        async for _ in aio.events(router, "temp", "hot"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await listen()


async def _leave_by_cancel(router: sig.Router) -> None:
    heard = aio.events(router, "temp", "hot")

    async def listen() -> None:
        async for _, data in heard:
            if data == 0:
                seen.set()

    seen = asyncio.Event()
    task = asyncio.create_task(listen())
    await seen.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def _leave_by_aclose_of_another_task(router: sig.Router) -> None:
    heard = aio.events(router, "temp", "hot")

    async def listen() -> list[Any]:
        got = []
        async for _, data in heard:
            got.append(data)
            seen.set()
        return got

    seen = asyncio.Event()
    task = asyncio.create_task(listen())
    await seen.wait()
    await heard.aclose()
    assert await task
    await heard.aclose()


async def _leave_by_forgetting(router: sig.Router) -> None:
    heard = aio.events(router, "temp", "hot")
    circle = [heard]
    circle.append(circle)  # type: ignore[arg-type]
    await anext(heard)
    del heard, circle
    gc.collect()
    await asyncio.sleep(0)


WAYS = [value for name, value in list(globals().items()) if name.startswith("_leave_by")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("remote", [False, True])
def test_whoever_leaves_leaves_nothing_behind(
    way: Callable[[sig.Router], Coroutine[Any, Any, None]], remote: bool, tcp: Net, monkeypatch: Any
) -> None:
    """No listener, however the loop ends, locally and at a server."""
    router: sig.Router = tcp.server()
    signal = signal_of(temp_of(router), "hot")
    client: Any = tcp.client() if remote else router
    temp = router.getSender("temp")
    assert temp is not None
    ours = aio.events
    monkeypatch.setattr(aio, "events", lambda r, s, e: ours(r, s, e, remote=remote))

    async def main() -> None:
        async def trigger() -> None:
            for n in range(10_000):
                if temp.hasListeners():
                    signal.trigger(0 if n < 9_999 else 1)
                await asyncio.sleep(0.001)

        task = asyncio.create_task(trigger())
        await way(client)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if remote:
            await asyncio.sleep(0)
            assert "subscription" not in str(client)

    run(main())
    eventually(lambda: not temp.hasListeners())


def test_a_wait_with_a_limit_goes_on_inside_a_block() -> None:
    """In `async with` a cancelled wait does not end the subscription; elsewhere it does."""

    async def main() -> None:
        router = sig.Router()
        temp = temp_of(router)
        async with aio.events(router, "temp", "hot") as heard:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(heard), 0.001)
            signal_of(temp, "hot").trigger(1)
            assert await take(heard, 1) == [1]
        assert not temp.hasListeners()
        other = aio.events(router, "temp", "hot")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(other), 0.001)
        assert not temp.hasListeners()

    run(main())


@pytest.mark.parametrize("waiting", [False, True])
def test_the_loop_may_be_closed_while_events_come(waiting: bool) -> None:
    """The next event ends the subscription, quietly."""
    router = sig.Router()
    temp = temp_of(router)
    loop = asyncio.new_event_loop()
    heard = aio.events(router, "temp", "hot")
    loop.run_until_complete(heard.__aenter__())
    if waiting:
        waits = loop.create_task(heard.__anext__())
        loop.run_until_complete(asyncio.sleep(0))
        assert not waits.done()
        # It is said that the task is destroyed while it waits, as is meant here.
        loop.set_exception_handler(lambda _loop, _context: None)
    loop.close()
    assert temp.hasListeners()
    in_thread(lambda: signal_of(temp, "hot").trigger(1))
    assert not temp.hasListeners()
