"""`listen`: a coroutine function that is called with each event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any

from sig import log
from sig.aio.handlers import CANCEL_S
from sig.aio.iterator import MAX_WAITING, Events, events
from sig.aio.senders import is_async
from sig.errors import USER_FAULTS
from sig.router import Router

AsyncCallback = Callable[[dict[str, Any], Any], Coroutine[Any, Any, object]]


class Listening(AbstractAsyncContextManager["Listening"]):
    """What `listen` returns; to be awaited or entered, once."""

    def __init__(self, callback: AsyncCallback, heard: Events) -> None:
        self._callback = callback
        self._heard = heard
        self._task: asyncio.Task[None] | None = None

    @property
    def dropped(self) -> int:
        """How many events were thrown away because too many waited."""
        return self._heard.dropped

    def __await__(self) -> Generator[Any, None, Listening]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Listening:
        if self._task is not None:
            raise RuntimeError("this listener listens already: call aio.listen(...) for each")
        await self._heard.__aenter__()
        self._task = asyncio.create_task(self._deliver())
        return self

    async def _deliver(self) -> None:
        try:
            async for info, data in self._heard:
                await self._call(info, data)
        finally:
            await self._heard.aclose()

    async def _call(self, info: dict[str, Any], data: Any) -> None:
        try:
            await self._callback(info, data)
        except USER_FAULTS:
            log.failure(f"a listener failed on '{info.get('event')}' of '{info.get('sender')}'")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.failure(f"a listener was cancelled on '{info.get('event')}' of '{info.get('sender')}'")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the subscription, and cancel the listener if it is at work; if it calls this itself, this event
        is its last. Any number of times."""
        await self._heard.aclose()
        task = self._task
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_S)


def listen(
    router: Router,
    callback: AsyncCallback,
    sender: str | None = None,
    event: str | None = None,
    *,
    remote: bool = False,
    max_waiting: int = MAX_WAITING,
) -> Listening:
    """A subscription, as `addListener` (with `remote`, the ClientRouter's `addRemoteListener`) makes it, of a
    coroutine function: `await callback(info, data)`.

        async with aio.listen(router, on_hot, "temp", "hot"):               # until the end of the block
        listening = await aio.listen(router, on_hot, "temp", "hot")         # until `await listening.aclose()`

    It is called in a task of its own, for one event after the other, in their order; what it raises is logged
    with its traceback. What waits, and what is `dropped`, is as in `events`. The end of the block cancels it,
    if it is at work; the end of the loop ends it, too.

    Raises LookupError if the sender is connected and does not declare the event, and TypeError for a callback
    that is no coroutine function.
    """
    if not is_async(callback):
        raise TypeError(
            f"expected a coroutine function (async def), got {callback!r}; for others there is addListener"
        )
    return Listening(callback, events(router, sender, event, remote=remote, max_waiting=max_waiting))
