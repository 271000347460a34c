"""`addSender`: a sender whose handlers may be coroutine functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any

from sig.aio.handlers import MAX_RUNNING, AsyncHandler, Tasks, wait_ended
from sig.aio.threads import Work, apart, client_of
from sig.router import Router
from sig.sender import Handlers, Sender


class Adding(AbstractAsyncContextManager[Sender]):
    """What `addSender` returns; to be awaited or entered, once."""

    def __init__(
        self,
        add: Callable[[Handlers | None], Sender],
        requests: Handlers | None,
        new_tasks: Callable[[], Tasks],
    ) -> None:
        self._add = add
        self._requests = requests
        self._new_tasks = new_tasks
        self._tasks: Tasks | None = None
        self._sender: Sender | None = None
        self._abandoned = False

    def __await__(self) -> Generator[Any, None, Sender]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Sender:
        self._tasks = self._new_tasks()
        bound = _bound(self._requests, self._tasks)
        adding = Work(apart, lambda: self._add_now(bound))
        try:
            await adding.ended()
        except asyncio.CancelledError:
            self._abandoned = True
            if self._sender is not None:
                Work(apart, self._sender.remove, or_here=True)
            raise
        sender: Sender = adding.outcome.result().result()
        return sender

    def _add_now(self, bound: Handlers | None) -> Sender:
        sender = self._sender = self._add(bound)
        if self._abandoned:  # while the server was asked
            sender.remove()
        return sender

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._sender is not None
        assert self._tasks is not None
        try:
            removing = Work(apart, self._sender.remove, or_here=True)
            await removing.ended()
        finally:
            await wait_ended(self._tasks.close())
        removing.outcome.result().result()


def addSender(
    router: Router,
    name: str,
    events: Iterable[str] | str | None,
    requests: Handlers | None = None,
    *,
    remote: bool = False,
    max_running: int = MAX_RUNNING,
) -> Adding:
    """`router.addSender`, or with `remote` the ClientRouter's `addRemoteSender`, for handlers that are
    coroutine functions, of the loop that awaits or enters it.

        async with aio.addSender(router, "temp", "#changed", {"read": read}) as temp:  # until the block's end
        temp = await aio.addSender(router, "temp", "#changed", {"read": read})         # until temp.remove()

    A coroutine function runs as a task of the loop, whoever asks: a thread by `router.request`, a task by
    `aio.request`, another client of the server. `max_running` of one sender run at once, then Busy. What it
    returns or raises is the answer; if it is cancelled, that is NotConnected. Other handlers run as ever, on
    their caller's thread.

    The end of the block removes the sender, and cancels the handlers that run; so does, for all senders of a
    router, the end of its `aio.connect`. If the loop ends without either, callers get NotConnected within
    half a second. A `router.request` on the loop's own thread would wait for itself, and raises RuntimeError.

    Raises what `addSender` and `addRemoteSender` raise. The listeners to #connect and #disconnect are called
    on a thread. A cancel takes back what has been added.
    """
    if max_running < 1:
        raise ValueError(f"max_running: expected 1 or more, got {max_running}")
    to = client_of(router).addRemoteSender if remote else router.addSender
    return Adding(lambda bound: to(name, events, bound), requests, lambda: Tasks(router, name, max_running))


def _bound(requests: Handlers | None, tasks: Tasks) -> Handlers | None:
    """The handlers as a router calls them."""
    if requests is None:
        return None
    return {
        method: AsyncHandler(tasks, method, each) if is_async(each) else each
        for method, each in requests.items()
    }


def is_async(function: object) -> bool:
    """Whether calling it makes a coroutine, as far as can be known."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
