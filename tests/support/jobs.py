"""Jobs for a dispatcher."""

import threading
from collections.abc import Callable

from drivers import Dispatcher
from tests.support.waiting import happens


def call(action: Callable[[], object]) -> Callable[[object], None]:
    """A job out of a function without arguments."""

    def job(_: object) -> None:
        action()

    return job


def block(dispatcher: Dispatcher) -> threading.Event:
    """Have a job hold the dispatcher's thread; returns the event that lets it go."""
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        happens(go_on)

    dispatcher.post_always(call(hold), None)
    happens(begun)
    return go_on


def settle(dispatcher: Dispatcher) -> None:
    """Wait until all that is queued has run."""
    done = threading.Event()
    dispatcher.post_always(call(done.set), None)
    happens(done)
