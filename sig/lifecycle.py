"""#connect and #disconnect, in the order in which they happened.

Strategy: who connects or disconnects a sender notes it here while holding the router's lock, and delivers
after letting go of it. Were each thread to deliver its own note, a #disconnect could overtake the #connect
before it. So per sender one thread at a time delivers, and takes along what others (or its own listeners)
add meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import RLock
from typing import Any, NamedTuple, Protocol

from sig import log
from sig.errors import USER_FAULTS
from sig.signals import Signal


class Living(Protocol):
    """What is needed of a sender that comes or goes."""

    def getName(self) -> str: ...
    def new_signal(self, name: str) -> Signal: ...


class _Note(NamedTuple):
    sender: Living
    event: str
    data: dict[str, Any]
    waiting: Sequence[str]


class Lifecycle:
    """The undelivered #connect and #disconnect of every sender of one router."""

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._notes: dict[str, deque[_Note]] = {}
        self._delivering: set[str] = set()

    def note(self, sender: Living, event: str, data: dict[str, Any], waiting: Sequence[str] = ()) -> None:
        """Have `event` delivered later. `waiting`: events that somebody listens to, and that the sender turns
        out not to declare; the log warns of them then, as a logger is user code too. Call with the lock held.
        """
        self._notes.setdefault(sender.getName(), deque()).append(_Note(sender, event, data, waiting))

    def is_pending(self, name: str) -> bool:
        """Whether something that not all have heard has happened to that sender. With the lock held."""
        return name in self._notes or name in self._delivering

    def deliver(self, name: str) -> None:
        """Call the listeners of what is noted for that sender, unless a thread is at it already."""
        while True:
            with self._lock:
                notes = self._notes.get(name)
                if not notes or name in self._delivering:
                    return
                sender, event, data, waiting = notes.popleft()
                if not notes:
                    del self._notes[name]
                self._delivering.add(name)
            try:
                for each in waiting:
                    with log.harmless:
                        log.get().warning(
                            f"listeners wait for '{each}' of '{name}', which it does not declare"
                        )
                sender.new_signal(event).trigger(data)
            except USER_FAULTS:  # of a trigger that a user has overridden
                log.failure(f"'{event}' of '{name}' was not delivered")
            finally:
                with self._lock:
                    self._delivering.discard(name)
