"""`sig.aio.events`: what is heard, in which order, and what is dropped."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

import sig
from sig import aio
from tests.sig.aiokit import in_thread, run, take, temp_of
from tests.sig.netkit import WAIT_S, Net, signal_of


def test_the_four_subscriptions() -> None:
    """As of addListener, with the same info and data."""

    async def main() -> None:
        router = sig.Router()
        temp = temp_of(router)
        wanted = [(None, None), ("temp", None), (None, "#changed"), ("temp", "hot")]
        heard = [aio.events(router, sender, event) for sender, event in wanted]
        for each in heard:
            await each.__aenter__()
        for event in ("hot", "#changed"):
            signal_of(temp, event).trigger(event)
        assert await anext(heard[0]) == ({"sender": "temp", "event": "hot"}, "hot")
        assert await take(heard[0], 1) == ["#changed"]
        assert await take(heard[1], 2) == ["hot", "#changed"]
        assert await take(heard[2], 1) == ["#changed"]
        assert await take(heard[3], 1) == ["hot"]
        for each in heard:
            await each.aclose()
        assert "listeners to everything: 0" in str(router)
        assert "channel" not in str(router)
        assert not temp.hasListeners()

    run(main())


def test_an_event_that_is_not_declared() -> None:
    """A LookupError, as nothing would ever come."""

    async def main() -> None:
        router = sig.Router()
        temp_of(router)
        cold = aio.events(router, "temp", "cold")
        with pytest.raises(LookupError, match="does not declare"):
            await anext(cold)
        with pytest.raises(StopAsyncIteration):  # at once: it is over
            await anext(cold)

    run(main())


def test_from_any_thread_in_order() -> None:
    """What four threads trigger arrives, each thread's in its order, waking a waiting loop."""

    async def main() -> list[tuple[int, int]]:
        router = sig.Router()
        signal = signal_of(temp_of(router), "hot")

        def trigger(number: int) -> None:
            for n in range(100):
                signal.trigger((number, n))

        got: list[tuple[int, int]] = []
        async with aio.events(router, "temp", "hot", max_waiting=400) as heard:
            workers = [threading.Thread(target=trigger, args=(n,)) for n in range(4)]
            for worker in workers:
                worker.start()
            async for _, data in heard:
                got.append(data)
                if len(got) == 400:
                    break
            for worker in workers:
                worker.join(WAIT_S)
            assert heard.dropped == 0
        return got

    got = run(main())
    for number in range(4):
        assert [n for worker, n in got if worker == number] == list(range(100))


def test_a_full_buffer_drops_the_oldest_and_counts() -> None:
    """The newest stay; #connect and #disconnect stay as long as there is anything else."""

    async def main() -> None:
        router = sig.Router()
        async with aio.events(router, "temp", max_waiting=4) as heard:
            signal = signal_of(temp_of(router), "hot")
            for n in range(10):
                signal.trigger(n)
            assert heard.dropped == 7
            assert (await anext(heard))[0]["event"] == sig.EVENT_CONNECT
            assert await take(heard, 3) == [7, 8, 9]
            for _ in range(3):
                router.removeSender("temp")
                temp_of(router)
            assert heard.dropped == 9
            assert [(await anext(heard))[0]["event"] for _ in range(4)] == ["#disconnect", "#connect"] * 2
        with pytest.raises(ValueError, match="1 or more"):
            aio.events(router, max_waiting=0)

    run(main())


def test_a_flood_wakes_the_loop_once_and_lets_others_have_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call_soon_threadsafe for all that comes before the loop looks; a turn for others every 64."""

    async def main() -> None:
        router = sig.Router()
        signal = signal_of(temp_of(router), "hot")
        loop = asyncio.get_running_loop()
        calls: list[object] = []
        ask = loop.call_soon_threadsafe
        turns = 0

        def count(*args: Any) -> Any:
            calls.append(args)
            return ask(*args)

        def flood() -> None:
            for n in range(1000):
                signal.trigger(n)

        monkeypatch.setattr(loop, "call_soon_threadsafe", count)

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with aio.events(router, "temp", "hot") as heard:
            first = asyncio.create_task(heard.__anext__())
            await asyncio.sleep(0)
            in_thread(flood)
            assert (await first)[1] == 0
            assert len(calls) == 1
            task = asyncio.create_task(other())
            assert await take(heard, 999) == list(range(1, 1000))
            assert turns >= 999 // 64
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run(main())


def test_one_task_at_a_time() -> None:
    """A second one is told so."""

    async def main() -> None:
        router = sig.Router()
        heard = aio.events(router)
        first = asyncio.create_task(heard.__anext__())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="of its own"):
            await anext(heard)
        temp_of(router)
        assert (await first)[0]["event"] == sig.EVENT_CONNECT
        await heard.aclose()

    run(main())


def test_remote_events(net: Net) -> None:
    """They are remote listeners, on every carrier."""
    server = net.server()
    client = net.client()

    async def main() -> None:
        async with aio.events(client, event="#changed", remote=True) as heard:
            temp = temp_of(server)
            signal_of(temp, "#changed").trigger(1)
            assert await take(heard, 1) == [1]
            cold = aio.events(client, "temp", "cold", remote=True)
            with pytest.raises(LookupError, match="does not declare"):
                await anext(cold)
            with pytest.raises(StopAsyncIteration):
                await anext(cold)

    run(main())
    assert "subscription" not in str(client)


def test_remote_wants_a_client() -> None:
    """A TypeError for any other router."""

    async def main() -> None:
        router = sig.Router()
        with pytest.raises(TypeError, match="ClientRouter"):
            aio.events(router, remote=True)
        with pytest.raises(TypeError, match="ClientRouter"):
            await aio.request(router, "temp", "read", remote=True)

    run(main())
