"""`sig.aio.addSender`: handlers that are coroutine functions."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

import sig
from sig import aio
from sig.aio import handlers as aio_handlers
from sig.aio import threads as aio_threads
from sig.aio.threads import Threads
from tests.sig.aiokit import Proxy, connect_to, no_thread, run
from tests.sig.netkit import WAIT_S, Net, eventually, signal_of

Ask = Callable[..., Any]


async def read(params: Any) -> Any:
    await asyncio.sleep(0)
    return params


async def fail(params: Any) -> Any:
    await asyncio.sleep(0)
    return {"params": params}["key"]


async def default(method: str, params: Any) -> Any:
    return [method, params]


class Meter:
    """Handlers that are methods, and an object that is one."""

    async def __call__(self, params: Any) -> Any:
        return self.value(params)

    def value(self, params: Any) -> Any:
        return threading.current_thread() is threading.main_thread(), params


HANDLERS: dict[str | None, Callable[..., Any]] = {
    "read": read,
    "fail": fail,
    "meter": Meter(),
    "method": Meter().__call__,
    "partial": partial(default, "partial"),
    "plain": Meter().value,
    None: default,
}


def outcome_of(ask: Callable[[], Any]) -> Any:
    """What it returns, or the error it raises."""
    try:
        return ask()
    except BaseException as err:  # noqa: BLE001 - SystemExit, too
        return err


async def from_a_thread(ask: Callable[[], Any]) -> Any:
    """What it returns, or the error it raises, on a thread of its own."""
    return await asyncio.to_thread(outcome_of, ask)


def test_whoever_asks(net: Net) -> None:
    """A thread, a task, another client: each gets the answer, made on the loop, or the error."""
    server = net.server()
    mine, other = net.client(), net.client()

    async def main() -> None:
        async with (
            aio.addSender(server, "here", [], HANDLERS),
            aio.addSender(mine, "there", [], HANDLERS, remote=True),
        ):
            asks: list[tuple[Ask, str]] = [
                (lambda *args: aio.request(server, *args), "here"),
                (lambda *args: from_a_thread(lambda: server.request(*args)), "here"),
                (lambda *args: aio.request(server, *args), "there"),
                (lambda *args: aio.request(other, *args, remote=True), "here"),
                (lambda *args: aio.request(other, *args, remote=True), "there"),
                (lambda *args: aio.request(mine, *args, remote=True), "there"),
            ]
            for number, (ask, sender) in enumerate(asks):
                assert await ask(sender, "read", 1) == 1
                assert await ask(sender, "dance", 2) == ["dance", 2]
                assert await ask(sender, "partial", 3) == ["partial", 3]
                assert list(await ask(sender, "meter", 4)) == [True, 4]
                assert list(await ask(sender, "method", 5)) == [True, 5]
                assert list(await ask(sender, "plain", 6)) == [False, 6]
                failed = (await asyncio.gather(ask(sender, "fail", 7), return_exceptions=True))[0]
                assert isinstance(failed, LookupError)
                assert (type(failed) is KeyError) is (number < 2)
        for sender, refusal in (("here", sig.NotConnected), ("nobody", sig.UnknownSender)):
            with pytest.raises(refusal):
                await aio.request(server, sender, "read")
        async with aio.addSender(mine, "here", [], {"read": read}) as foreign:
            with pytest.raises(sig.UnknownSender):
                await aio.request(server, foreign, "read")

    run(main())


def test_until_it_is_removed() -> None:
    """Awaited, it needs no block; what runs then is answered."""
    router = sig.Router()

    async def main() -> None:
        go_on = asyncio.Event()

        async def slow(params: Any) -> Any:
            await go_on.wait()
            return params

        temp = await aio.addSender(router, "temp", "hot", {"slow": slow})
        assert temp is router.getSender("temp")
        task = asyncio.create_task(aio.request(router, temp, "slow", 1))
        await asyncio.sleep(0)
        assert temp.remove()
        go_on.set()
        assert await task == 1
        async with aio.addSender(router, "temp", "hot") as temp:
            assert temp.getRequests() is None
        assert not temp.isConnected()

    run(main())


def test_a_request_that_would_wait_for_itself() -> None:
    """On the loop's own thread, a clear error; on another loop's it is answered."""
    router = sig.Router()

    async def elsewhere() -> Any:
        return await aio.request(router, "temp", "read", 2)

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {"read": read}) as temp:
            for ask in (partial(router.request, "temp"), temp.request):
                with pytest.raises(
                    RuntimeError, match=r"'read' of 'temp'.* use `await aio\.request\(router, "
                ):
                    ask("read")
            assert await asyncio.to_thread(lambda: asyncio.run(elsewhere())) == 2

    run(main())


def test_an_exit_is_the_callers_affair() -> None:
    """It ends neither the loop nor the handlers after it."""
    router = sig.Router()

    async def leave(_params: Any) -> None:
        sys.exit("enough")

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {"leave": leave, "read": read}):
            raised = await from_a_thread(lambda: router.request("temp", "leave"))
            assert isinstance(raised, SystemExit)
            assert await aio.request(router, "temp", "read", 1) == 1

    run(main())


def test_they_are_bounded() -> None:
    """So many at once, then Busy, whoever asks; the next as soon as one is done."""
    router = sig.Router()

    async def main() -> None:
        go_on = asyncio.Event()

        async def slow(params: Any) -> Any:
            await go_on.wait()
            return params

        async with aio.addSender(router, "temp", [], {"slow": slow}, max_running=2):
            running = [asyncio.create_task(aio.request(router, "temp", "slow", n)) for n in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(sig.Busy, match="2 requests to 'temp'"):
                await aio.request(router, "temp", "slow")
            assert isinstance(await from_a_thread(lambda: router.request("temp", "slow")), sig.Busy)
            go_on.set()
            assert await asyncio.gather(*running) == [0, 1]
            assert await aio.request(router, "temp", "slow", 2) == 2
        with pytest.raises(ValueError, match="1 or more"):
            aio.addSender(router, "temp", [], {"slow": slow}, max_running=0)
        with pytest.raises(TypeError, match="ClientRouter"):
            aio.addSender(router, "temp", [], {"slow": slow}, remote=True)

    run(main())


def test_handlers_that_ask_one_another_use_up_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were each to hold one while it waits, they would wait for ever."""
    monkeypatch.setattr(aio_threads, "threads", Threads(1, 0))
    router = sig.Router()

    async def ask(params: int) -> int:
        if params == 0:
            return 0
        answer: int = await aio.request(router, "temp", "ask", params - 1)
        return answer + 1

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {"ask": ask}):
            assert (
                await asyncio.gather(*(aio.request(router, "temp", "ask", 9) for _ in range(20))) == [9] * 20
            )

    run(main())


def test_the_end_of_the_block_cancels() -> None:
    """Whoever asked is told; the handler has ended by then, and may have been the one to leave."""
    router = sig.Router()

    async def main() -> None:
        entered, ended = asyncio.Event(), asyncio.Event()

        async def slow(_params: Any) -> None:
            entered.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with aio.addSender(router, "temp", [], {"slow": slow}):
            thread = asyncio.create_task(from_a_thread(lambda: router.request("temp", "slow")))
            await entered.wait()
            task = asyncio.create_task(aio.request(router, "temp", "slow"))
            await asyncio.sleep(0)
        assert ended.is_set()
        for told in (await thread, await asyncio.gather(task, return_exceptions=True)):
            error = told[0] if isinstance(told, list) else told
            assert isinstance(error, sig.NotConnected)
            assert str(error) == "the handler of 'slow' of 'temp' was cancelled"

        async with aio.addSender(router, "temp", [], {"read": read}) as temp:
            kept, _ = temp.handler("read")  # by a thread that is about to call it
        refused = await from_a_thread(lambda: kept(1))
        assert isinstance(refused, sig.NotConnected)
        assert str(refused) == "sender 'temp' is not connected"

        async def leave(_params: Any) -> str:
            await adding.__aexit__(None, None, None)
            return "gone"

        adding = aio.addSender(router, "temp", [], {"leave": leave})
        temp = await adding
        assert await aio.request(router, "temp", "leave") == "gone"
        assert not temp.isConnected()

    run(main())


def test_a_handler_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for no longer than that."""
    monkeypatch.setattr(aio_handlers, "CANCEL_S", 0.01)
    router = sig.Router()

    async def main() -> None:
        go_on = asyncio.Event()

        async def stubborn(_params: Any) -> None:
            while not go_on.is_set():
                with suppress(asyncio.CancelledError):
                    await go_on.wait()

        async with aio.addSender(router, "temp", [], {"slow": stubborn}):
            task = asyncio.create_task(aio.request(router, "temp", "slow"))
            await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        assert await task is None

    run(main())


def test_a_handler_that_cancels_itself() -> None:
    """Its caller is not cancelled with it."""
    router = sig.Router()

    async def cancel(_params: Any) -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {None: lambda _m, _p: 0, "cancel": cancel}):
            with pytest.raises(sig.NotConnected, match="was cancelled"):
                await aio.request(router, "temp", "cancel")

    run(main())


def test_a_handler_runs_on_when_its_caller_does_not_wait() -> None:
    """After a time-out, as on a thread."""
    router = sig.Router()

    async def main() -> None:
        go_on, ended = asyncio.Event(), asyncio.Event()

        async def slow(_params: Any) -> None:
            await go_on.wait()
            ended.set()

        async with aio.addSender(router, "temp", [], {"slow": slow}):
            with pytest.raises(sig.RequestTimeout):
                await aio.request(router, "temp", "slow", timeout=0.001)
            go_on.set()
            await ended.wait()

    run(main())


@pytest.mark.parametrize("closed", [False, True])
def test_a_loop_that_ends(closed: bool) -> None:
    """Stopped or closed, whoever waits is told, and whoever asks after that."""
    router = sig.Router()
    loop = asyncio.new_event_loop()
    entered = threading.Event()

    async def slow(_params: Any) -> None:
        entered.set()
        await asyncio.Event().wait()

    told: list[Any] = []
    waiting = threading.Thread(target=lambda: told.append(outcome_of(lambda: router.request("temp", "slow"))))
    loop.run_until_complete(aio.addSender(router, "temp", [], {"slow": slow}).__aenter__())
    waiting.start()

    async def until_entered() -> None:
        while not entered.is_set():
            await asyncio.sleep(0.001)

    loop.run_until_complete(until_entered())
    if closed:
        loop.set_exception_handler(lambda _loop, _context: None)  # of the task that is destroyed
        loop.close()
    waiting.join(WAIT_S)
    told.append(outcome_of(lambda: router.request("temp", "slow")))
    assert [type(each) for each in told] == [sig.NotConnected] * 2
    assert str(told[0]) == "the event loop that answers 'slow' of 'temp' does not run any more"
    if not closed:
        entered.clear()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        assert not asyncio.all_tasks(loop)
        assert not entered.is_set()
        loop.close()


def test_a_loop_that_is_run_by_asyncio_run() -> None:
    """It cancels the handlers at its end: their callers are told at once."""
    router = sig.Router()
    told: list[Any] = []

    async def slow(_params: Any) -> None:
        entered.set()
        await asyncio.Event().wait()

    async def main() -> None:
        await aio.addSender(router, "temp", [], {"slow": slow})
        waiting.start()
        while not entered.is_set():
            await asyncio.sleep(0.001)

    entered = threading.Event()
    waiting = threading.Thread(target=lambda: told.append(outcome_of(lambda: router.request("temp", "slow"))))
    asyncio.run(main())
    waiting.join(WAIT_S)
    assert str(told[0]) == "the handler of 'slow' of 'temp' was cancelled"


def test_the_end_of_a_connection_cancels(tcp: Net) -> None:
    """Those of its router, also of senders without a block, and on another loop; who asked is told why."""
    server = tcp.server()

    async def main() -> None:
        ended: list[str] = []

        async def slow(params: str) -> None:
            entered.release()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(params)

        async def elsewhere(router: sig.ClientRouter) -> None:
            async with aio.addSender(router, "other", [], {"slow": slow}, remote=True):
                await asyncio.to_thread(left.wait, WAIT_S)

        entered, left = threading.Semaphore(0), threading.Event()
        async with connect_to(tcp) as router:
            await aio.addSender(router, "mine", [], {"slow": slow}, remote=True)
            await asyncio.to_thread(
                lambda: asyncio.run(aio.addSender(router, "gone", [], {"slow": slow}).__aenter__())
            )
            loop = threading.Thread(target=lambda: asyncio.run(elsewhere(router)))
            loop.start()
            await asyncio.to_thread(eventually, lambda: server.getSender("other"))
            asking = [
                asyncio.create_task(from_a_thread(partial(server.request, name, "slow", name)))
                for name in ("mine", "other")
            ]
            for _ in asking:
                assert await asyncio.to_thread(entered.acquire, timeout=WAIT_S)
        told = await asyncio.gather(*asking)
        assert [type(each) for each in told] == [sig.NotConnected] * 2
        await asyncio.to_thread(eventually, lambda: len(ended) == 2)
        left.set()
        await asyncio.to_thread(loop.join)
        assert sorted(ended) == ["mine", "other"]

    run(main())


def test_a_cancel_while_it_is_added() -> None:
    """It is taken back, though a listener holds the adding up."""
    router = sig.Router()
    entered, go_on = threading.Event(), threading.Event()

    def hold(_info: Any, _data: Any) -> None:
        entered.set()
        go_on.wait(WAIT_S)

    router.addListener(hold, "temp", sig.EVENT_CONNECT)

    async def main() -> None:
        task = asyncio.create_task(aio.addSender(router, "temp", [], {"read": read}).__aenter__())
        while not entered.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    run(main())
    temp = router.getSender("temp")
    assert temp is not None
    assert temp.isConnected()
    go_on.set()
    eventually(lambda: not temp.isConnected())


def test_a_cancel_just_after_it_is_added(tcp: Net) -> None:
    """Before the loop has heard of it: taken back, too."""
    server = tcp.server()
    client = tcp.client()

    async def main() -> None:
        task = asyncio.create_task(
            aio.addSender(client, "temp", [], {"read": read}, remote=True).__aenter__()
        )
        await asyncio.sleep(0)
        eventually(lambda: (temp := server.getSender("temp")) and temp.isConnected())
        eventually(lambda: not [t for t in threading.enumerate() if t.name == "sig-aio"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    run(main())
    eventually(lambda: not server.getSender("temp"))


def test_a_cancel_on_a_machine_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays a cancel, and what has been added is taken back, whatever a listener does."""
    router = sig.Router()
    router.addListener(lambda _info, _data: 1 / 0, "temp", sig.EVENT_DISCONNECT)

    async def main() -> None:
        task = asyncio.create_task(aio.addSender(router, "temp", [], {"read": read}).__aenter__())
        await asyncio.sleep(0)
        eventually(lambda: not [t for t in threading.enumerate() if t.name == "sig-aio"])
        monkeypatch.setattr(threading.Thread, "start", no_thread)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    run(main())
    temp = router.getSender("temp")
    assert temp is not None
    assert not temp.isConnected()


def test_leaving_on_a_machine_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender goes all the same, and so do the handlers that run."""
    router = sig.Router()
    entered = threading.Event()

    async def slow(_params: Any) -> None:
        entered.set()
        await asyncio.Event().wait()

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {"slow": slow}) as temp:
            task = asyncio.create_task(aio.request(router, "temp", "slow"))
            while not entered.is_set():
                await asyncio.sleep(0)
            monkeypatch.setattr(threading.Thread, "start", no_thread)
        assert not temp.isConnected()
        with pytest.raises(sig.NotConnected, match="was cancelled"):
            await task

    run(main())


def test_names_that_are_taken(tcp: Net) -> None:
    """The errors of addSender and addRemoteSender; nothing stays."""
    server = tcp.server()
    client = tcp.client()
    server.addSender("temp", "hot")

    async def main() -> None:
        for router, remote in ((server, False), (client, True)):
            with pytest.raises(NameError, match="temp"):
                async with aio.addSender(router, "temp", [], {"read": read}, remote=remote):
                    pass

    run(main())


def test_removing_does_not_block_the_loop(tcp: Net) -> None:
    """The server is asked by way of the loop itself."""
    server = tcp.server()

    async def main() -> None:
        async with Proxy(tcp) as proxy, aio.connect(proxy.url) as router:
            async with aio.addSender(router, "temp", ["hot"], {"read": read}, remote=True) as temp:
                signal_of(temp, "hot").trigger(1)
                assert await aio.request(router, "temp", "read", 1, remote=True) == 1
            assert server.getSender("temp") is None

    run(main())


def test_a_sender_class_of_ones_own() -> None:
    """What it makes of a request is kept."""

    class Loud(sig.Sender):
        def request(self, method: str, params: Any = None) -> Any:
            return super().request(method, f"{params}!")

    router = sig.Router(class_sender=Loud)

    async def main() -> None:
        async with aio.addSender(router, "temp", [], {"read": read}):
            assert await aio.request(router, "temp", "read", "cold") == "cold!"

    run(main())
