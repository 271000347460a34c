"""Signal: what a sender triggers."""

from __future__ import annotations

import inspect
from typing import Any

from sig import log
from sig.errors import USER_FAULTS
from sig.event import Event


class Signal:
    """A handle on one event of one sender, to be kept and triggered again and again.

    It stands for the pair of names, not for one connection: while the sender is disconnected (or, connected
    anew, no longer declares the event) a trigger reaches nobody; once the sender declares the event again
    the same Signal works again.

    A subclass may override `trigger` to change `data`, or to add keys to `info`:

        class Stamped(sig.Signal):
            def trigger(self, data=None, info=None):
                super().trigger(data, {"time": time.time()})
    """

    __slots__ = ("_info", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        # Each trigger's listeners get a copy: copying is quicker than making a new one.
        self._info: dict[str, Any] = {"sender": event.sender.getName(), "event": event.name}

    def getEvent(self) -> str:
        """The name of the event that this triggers."""
        return self.event.name

    def getSender(self) -> str:
        """The name of the sender in whose name this triggers."""
        return self.event.sender.getName()

    def trigger(self, data: Any = None, info: dict[str, Any] | None = None) -> None:
        """Call every listener as `callback(info, data)`, on this thread, before returning.

        `info` passed here adds keys to the dict that the listeners get, beside its "sender" and "event".
        Order: router broadcast, sender broadcast, channel, specific; each in order of subscription. A
        listener that raises is logged with its traceback; the others are called all the same, and nothing
        reaches the caller. Any thread may call this; no lock is held while listeners run.
        """
        event = self.event
        single = event.single
        if single is not None and info is None:
            # The usual case, and by a quarter quicker than a loop over a tuple of one.
            try:
                single(self._info.copy(), data)
            except USER_FAULTS:
                self._failed()
            return
        targets = event.targets
        if targets is None:
            targets = event.sender.resolve(event)
        if not targets:
            return
        shared = {**info, **self._info} if info else self._info.copy()
        for callback in targets:
            try:
                callback(shared, data)
            except USER_FAULTS:
                self._failed()

    def _failed(self) -> None:
        log.failure(f"a listener failed on '{self.getEvent()}' of '{self.getSender()}'")


def takes_info(signal: Signal) -> bool:
    """Whether its `trigger` takes keys for `info`; one written for pysig has `trigger(self, data)`."""
    if type(signal).trigger is Signal.trigger:
        return True
    kinds = [each.kind for each in inspect.signature(signal.trigger).parameters.values()]
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return inspect.Parameter.VAR_POSITIONAL in kinds or sum(kind in by_position for kind in kinds) > 1
