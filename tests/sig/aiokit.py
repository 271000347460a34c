"""What tests of `sig.aio` share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import sig
from tests.sig.netkit import WAIT_S


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end, after which no other task may be left."""

    async def limited() -> Any:
        async with asyncio.timeout(1.5 * WAIT_S):
            result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left
        return result

    return asyncio.run(limited())


def in_thread(function: Callable[[], object]) -> None:
    """Call it on a thread of its own, and wait for its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join(WAIT_S)


def temp_of(router: sig.Router) -> sig.Sender:
    """A sender with a channel and a plain event."""
    return router.addSender("temp", ["#changed", "hot"], {"read": lambda _params: 23.5})


async def take(events: AsyncIterator[tuple[dict[str, Any], Any]], count: int) -> list[Any]:
    """The data of so many events."""
    return [(await anext(events))[1] for _ in range(count)]
