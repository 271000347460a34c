"""The subscriptions to one event of one sender, and who a trigger of it reaches.

Strategy: subscriptions change rarely, triggers happen all the time. So the four kinds of
subscription live in plain lists, guarded by the router's lock, and each event keeps the merged
result of them as one flat tuple, `targets`, which a trigger reads without a lock. A change sets
`targets` of the events it concerns to None; the next trigger merges them again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

EVENT_CONNECT = "#connect"
EVENT_DISCONNECT = "#disconnect"
BUILTIN_EVENTS = (EVENT_CONNECT, EVENT_DISCONNECT)
CHANNEL_DECORATOR = "#"

Callback = Callable[[dict[str, Any], Any], Any]


class Source(Protocol):
    """What an event knows of its sender; a `sig.Sender` is one."""

    def getName(self) -> str: ...
    def isConnected(self) -> bool: ...
    def resolve(self, event: Event) -> tuple[Callback, ...]: ...


class Event:
    """One event of one sender: its own (specific) listeners, and the merged targets of a trigger.

    An event exists as soon as the sender declares it or somebody listens to it. Only an event that its
    connected sender declares has targets; otherwise it is dormant and a trigger reaches nobody.
    """

    __slots__ = ("declared", "listeners", "name", "sender", "single", "targets", "was_declared")

    def __init__(self, sender: Source, name: str) -> None:
        self.sender = sender
        self.name = name
        self.listeners: list[Callback] = []
        self.declared = False
        # A kept Signal may refer to an event that was declared once, so such an event is never thrown away.
        self.was_declared = False
        self.targets: tuple[Callback, ...] | None = ()
        # The target if there is exactly one.
        self.single: Callback | None = None

    def getName(self) -> str:
        """The event's name, with its leading `#` where it is a channel."""
        return self.name

    def getSender(self) -> Source:
        """The sender that it is an event of."""
        return self.sender

    def getListeners(self) -> list[Callback]:
        """Who subscribed to exactly this event of exactly this sender, in order; a copy."""
        return list(self.listeners)

    def isChannel(self) -> bool:
        """Whether listeners of the channel (sender=None, event=name) receive it."""
        return self.name.startswith(CHANNEL_DECORATOR)

    def hasListeners(self) -> bool:
        """Whether somebody subscribed to exactly this event of exactly this sender."""
        return bool(self.listeners)

    def countListeners(self) -> int:
        """How many subscriptions name exactly this event of exactly this sender."""
        return len(self.listeners)

    def declare(self, declared: bool) -> None:
        """The sender offers this event from now on, or no longer does. Call with the router's lock held."""
        self.declared = declared
        self.was_declared = self.was_declared or declared
        self.forget_targets()

    def keep_targets(self, targets: tuple[Callback, ...]) -> None:
        """What a trigger reaches from now on. Call with the router's lock held, as all of these."""
        self.targets = targets
        self.single = targets[0] if len(targets) == 1 else None

    def forget_targets(self) -> None:
        """Something has changed: have them merged again, or none if the event is not offered."""
        self.single = None
        self.targets = None if self.declared else ()
