"""`sig.aio.request`: answers, errors, bounds, and that nothing stays behind."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from contextlib import suppress
from typing import Any

import pytest

import sig
from sig import aio
from sig.aio import threads as aio_threads
from sig.aio.threads import Threads
from sig.net.pending import Pending
from tests.sig.aiokit import run
from tests.sig.netkit import WAIT_S, Logged, Net, eventually, leave, threads_called
from tests.support.living import living

CONTEXT: contextvars.ContextVar[str] = contextvars.ContextVar("CONTEXT")


def test_requests(net: Net) -> None:
    """Answers and errors of handlers, locally and remotely; the handler is off the loop, in its context."""
    server = net.server()
    client = net.client()
    loop_thread = threading.current_thread()
    temp = server.addSender(
        "temp",
        [],
        {
            "read": lambda _params: 23.5,
            "echo": lambda params: params,
            "where": lambda _params: (threading.current_thread() is loop_thread, CONTEXT.get()),
            "fail": lambda params: {"params": params}["key"],
            "stop": lambda _params: next(iter(())),
        },
    )

    async def main() -> None:
        CONTEXT.set("mine")
        assert await aio.request(server, "temp", "where") == (False, "mine")
        with pytest.raises(RuntimeError, match="StopIteration"):
            await aio.request(server, "temp", "stop")
        for router, remote in ((server, False), (client, True)):
            assert await aio.request(router, "temp", "read", remote=remote) == 23.5
            assert await aio.request(router, temp, "echo", [1, None], timeout=WAIT_S, remote=remote) == [
                1,
                None,
            ]
            answers = [aio.request(router, "temp", "echo", n, remote=remote) for n in range(50)]
            assert await asyncio.gather(*answers) == list(range(50))
            for error, sender, method in (
                (sig.UnknownSender, "nobody", "read"),
                (sig.UnknownMethod, "temp", "dance"),
                (LookupError, "temp", "fail"),
                (ValueError, "temp", None),
            ):
                with pytest.raises(error):
                    await aio.request(router, sender, method, remote=remote)  # type: ignore[arg-type]
        leave(client)
        with pytest.raises(sig.NotConnected):
            await aio.request(client, "temp", "read", remote=True)

    run(main())


@pytest.mark.parametrize("remote", [False, True])
def test_requests_that_time_out_or_are_cancelled(remote: bool, tcp: Net) -> None:
    """The caller is free at once; no call waits for an answer any more."""
    server = tcp.server()
    client = tcp.client()
    router = client if remote else server
    hold, entered = threading.Event(), threading.Event()

    def slow(_params: Any) -> bool:
        entered.set()
        return hold.wait(WAIT_S)

    server.addSender("temp", [], {"slow": slow})
    waiting = len(living(Pending))

    async def main() -> None:
        with pytest.raises(sig.RequestTimeout):
            await aio.request(router, "temp", "slow", timeout=0.01, remote=remote)
        task = asyncio.create_task(aio.request(router, "temp", "slow", remote=remote))
        entered.clear()
        while not entered.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    try:
        run(main())
        assert len(living(Pending)) == waiting
    finally:
        hold.set()


def test_the_threads_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many at once, so many waiting, then Busy; a cancelled one that waits is not run; none stays."""
    pool = Threads(2, 2)
    monkeypatch.setattr(aio_threads, "threads", pool)
    router = sig.Router()
    hold, running = threading.Event(), threading.Semaphore(0)
    ran: list[int] = []

    def handler(params: int) -> int:
        running.release()
        hold.wait(WAIT_S)
        ran.append(params)
        return params

    router.addSender("temp", [], {"slow": handler})

    async def main() -> None:
        tasks = [asyncio.create_task(aio.request(router, "temp", "slow", n)) for n in range(4)]
        await asyncio.sleep(0)
        assert running.acquire(timeout=WAIT_S)
        assert running.acquire(timeout=WAIT_S)
        with pytest.raises(sig.Busy):
            await aio.request(router, "temp", "slow", 4)
        tasks[3].cancel()
        await asyncio.gather(tasks[3], return_exceptions=True)
        hold.set()
        assert await asyncio.gather(*tasks[:3]) == [0, 1, 2]

    run(main())
    eventually(lambda: not threads_called("sig-aio"))
    assert sorted(ran) == [0, 1, 2]


def test_a_loop_that_is_gone_before_the_answer() -> None:
    """The handler's answer is nobody's: nothing is raised on its thread."""
    router = sig.Router()
    hold, entered = threading.Event(), threading.Event()

    def slow(_params: Any) -> None:
        entered.set()
        hold.wait(WAIT_S)

    router.addSender("temp", [], {"slow": slow})

    async def main() -> None:
        with pytest.raises(sig.RequestTimeout):
            await aio.request(router, "temp", "slow", timeout=0.01)

    run(main())
    assert entered.wait(WAIT_S)
    hold.set()
    eventually(lambda: not threads_called("sig-aio"))


def test_they_are_logged_as_any() -> None:
    """Whoever answers: a thread, or this loop; once each, also if nobody waits for the answer any more."""
    lines: list[tuple[str, str]] = []

    class Book:
        def __getattr__(self, level: str) -> Any:
            return lambda text: lines.append((level, text))

    def plain(_params: Any) -> Any:
        raise OSError("disk on fire")

    async def here(params: Any) -> Any:
        await asyncio.sleep(0)
        return plain(params)

    async def life(router: sig.Router, handler: Any) -> list[tuple[str, str]]:
        async with aio.addSender(router, "disk", [], {"read": handler}) as disk:
            sig.setup_logger(Book())
            lines.clear()
            for sender, method in (
                ("disk", "read"),
                (disk, "read"),
                ("disk", "x"),
                ("no", "x"),
                (disk, None),
            ):
                with suppress(OSError, LookupError, ValueError):
                    await aio.request(router, sender, method)  # type: ignore[arg-type]
            return list(lines)

    async def main() -> None:
        on_a_thread = await life(sig.Router(), plain)
        assert on_a_thread == await life(sig.Router(), here)
        assert [level for level, _ in lines] == ["debug", "error"] * 3 + ["error"] + ["debug", "error"]
        assert lines[1] == ("error", "request 'read' to sender 'disk' failed: disk on fire")
        assert (
            lines[5][1]
            == "request 'x' to sender 'disk' failed: sender 'disk' has no method 'x'; it has: read"
        )

    run(main())


def test_a_failure_that_nobody_waits_for_is_logged(logged: Logged) -> None:
    """The caller has gone; the handler's error is the log's only."""
    router = sig.Router()

    async def main() -> None:
        go_on = asyncio.Event()

        async def late(_params: Any) -> None:
            await go_on.wait()
            raise OSError("disk on fire")

        async with aio.addSender(router, "disk", [], {"read": late}):
            with pytest.raises(sig.RequestTimeout):
                await aio.request(router, "disk", "read", timeout=0.01)
            go_on.set()
            while "disk on fire" not in (logged.texts.get_nowait() if logged.texts.qsize() else ""):
                await asyncio.sleep(0.001)

    run(main())
