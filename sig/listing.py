"""What `print(router)` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sig.event import BUILTIN_EVENTS, Callback
from sig.sender import Sender


def listing(
    broadcast: list[Callback], channels: Mapping[str, list[Callback]], senders: Iterable[Sender]
) -> Iterator[str]:
    """A line for each channel, each sender, each of its events. With the router's lock held."""
    yield f"  listeners to everything: {len(broadcast)}"
    for name, callbacks in channels.items():
        yield f"  channel {name}: {len(callbacks)} listeners"
    for sender in senders:
        state = "connected" if sender.isConnected() else "disconnected"
        yield f"  {sender.getName()} ({state}): {len(sender._broadcast)} listeners to all"
        for event in sender._events.values():
            if event.name in BUILTIN_EVENTS and not event.listeners:
                continue
            dormant = "" if event.declared else " (not declared)"
            yield f"    {event.name}{dormant}: {len(event.listeners)} listeners"
