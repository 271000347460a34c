"""Handlers that are coroutine functions: tasks of the loop that offers them, called from any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sig import asking
from sig.aio.threads import Outcome
from sig.errors import Busy, NotConnected
from sig.router import Router
from sig.sender import Sender

# Of one sender at once: each some 5 kB. Over a network a connection runs fewer, see `Limits.workers`.
MAX_RUNNING = 1024
# How often who waits for a handler looks whether its loop still runs: so late he learns that it does not.
LOOK_S = 0.5
# For a handler to end that is cancelled.
CANCEL_S = 2.0

Done = Callable[[Outcome], object]


class Tasks:
    """The coroutine handlers of one sender that run, `most` at once, on the loop that made this. All of it is
    for that loop alone."""

    def __init__(self, router: Router, sender: str, most: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.sender = sender
        self._most = most
        self._running: set[asyncio.Task[Outcome]] = set()
        self._closed = False
        with _lock:
            _of_routers.setdefault(router, WeakSet()).add(self)

    def start(self, handler: AsyncHandler, params: tuple[Any, ...], done: Done) -> None:
        """Run it. `done(outcome)` is called once, whatever becomes of it."""
        if self._closed:
            done(Outcome(None, NotConnected(f"sender '{self.sender}' is not connected")))
        elif len(self._running) >= self._most:
            busy = f"{len(self._running)} requests to '{self.sender}' are at work already: try again later"
            done(Outcome(None, Busy(busy)))
        else:
            task = self.loop.create_task(_outcome_of(handler.function, params))
            self._running.add(task)
            task.add_done_callback(lambda task: self._ended(task, handler, done))

    def _ended(self, task: asyncio.Task[Outcome], handler: AsyncHandler, done: Done) -> None:
        self._running.discard(task)
        if task.cancelled():
            done(Outcome(None, NotConnected(f"the handler of {handler} was cancelled")))
        else:
            error = task.exception()
            done(task.result() if error is None else Outcome(None, error))

    def close(self) -> list[asyncio.Task[Outcome]]:
        """Cancel those that run, and run no more. Any number of times."""
        self._closed = True
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        return running


class AsyncHandler:
    """One of them, as a handler for any router."""

    def __init__(self, tasks: Tasks, method: str | None, function: Callable[..., Any]) -> None:
        self.tasks = tasks
        self.function = function
        self._method = method

    def __str__(self) -> str:
        return f"'{self._method or 'any method'}' of '{self.tasks.sender}'"

    def __call__(self, *params: Any) -> Any:
        """Call it from another thread, which waits for the answer.

        Raises NotConnected if its loop ends, RuntimeError on its loop's own thread, and what it raises.
        """
        loop = self.tasks.loop
        if loop is _running_loop():
            raise RuntimeError(
                f"a request to {self}, a coroutine function, on the thread of its own loop would wait for "
                "itself for ever: use `await aio.request(router, ...)`"
            )
        outcomes: list[Outcome] = []
        answered = threading.Event()

        waits = True

        def begin() -> None:
            if waits:
                self.tasks.start(self, params, done)

        def done(outcome: Outcome) -> None:
            outcomes.append(outcome)
            answered.set()

        ended = NotConnected(f"the event loop that answers {self} does not run any more")
        try:
            loop.call_soon_threadsafe(begin)
        except RuntimeError:  # it is closed
            raise ended from None
        while not answered.wait(LOOK_S):
            if not loop.is_running() and not outcomes:
                waits = False
                raise ended
        return outcomes[0].result()

    async def answer(self, params: tuple[Any, ...], failed: Callable[[BaseException], object]) -> Any:
        """Call it on its loop. If this is cancelled, the handler runs on. `failed` is told what it raises,
        whoever still waits."""
        answered: asyncio.Future[Outcome] = self.tasks.loop.create_future()

        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                failed(outcome.error)
            if not answered.done():
                answered.set_result(outcome)

        self.tasks.start(self, params, done)
        return (await answered).result()


async def _outcome_of(function: Callable[..., Any], params: tuple[Any, ...]) -> Outcome:
    """`sys.exit()` in a handler is its caller's affair, and must not end the loop."""
    try:
        return Outcome(await function(*params))
    except (Exception, SystemExit) as err:  # noqa: BLE001 - whatever it is, it belongs to the caller
        return Outcome(None, err)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def handler_here(router: Router, sender: Sender | str, method: str) -> tuple[AsyncHandler, bool] | None:
    """The handler that is to answer, if it is one of the loop that runs here, and whether it is the default
    one. Raises and logs as `router.request` does."""
    router.check_own(sender)
    target = router.getSender(sender) if isinstance(sender, str) else sender
    if target is None or type(target).request is not Sender.request:  # somebody's own
        return None
    name = target.getName()
    try:
        handler, is_default = target.handler(method)
    except Exception as err:
        asking.begins(name, method)
        asking.refused(name, method, err)
        raise
    if isinstance(handler, AsyncHandler) and handler.tasks.loop is _running_loop():
        asking.begins(name, method)
        return handler, is_default
    return None


_lock = threading.Lock()
_of_routers: WeakKeyDictionary[Router, WeakSet[Tasks]] = WeakKeyDictionary()


async def cancel_handlers(router: Router) -> None:
    """The router goes: cancel all that run, and wait for those of this loop to end, for `CANCEL_S`."""
    with _lock:
        all_tasks = list(_of_routers.pop(router, ()))
    await wait_ended([task for each in all_tasks for task in _close(each)])


def _close(tasks: Tasks) -> list[asyncio.Task[Outcome]]:
    if tasks.loop is _running_loop():
        return tasks.close()
    with suppress(RuntimeError):  # it is closed
        tasks.loop.call_soon_threadsafe(tasks.close)
    return []


async def wait_ended(tasks: list[asyncio.Task[Outcome]]) -> None:
    """Wait for them to end, for `CANCEL_S`."""
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_S)
