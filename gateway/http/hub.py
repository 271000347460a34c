"""From the threads that trigger events to the clients that follow them: each event is encoded once, for all.

A client has a bounded queue of its own; one that does not read is cut, with the reason as its last event. The
last events of all are kept, for clients that come back: an event's id is a time and a number, so that ids
ascend over restarts, and history can go on where memory ends.

`take` and `follow` belong to the server's thread.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from gateway.encoding import to_json

KEPT = 1000
MOST_CLIENTS = 100
"""Streams at once; each costs a connection and a task."""
QUEUE_EVENTS = 1000
QUEUE_BYTES = 1_000_000
"""What may wait for one client, which is cut beyond either: at ten events a second, after 100 s."""


class EventId(NamedTuple):
    """`ms`: UTC, of when it was heard, never less than that of the event before; `number`: within that ms."""

    ms: int
    number: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> EventId | None:
        """None for what is no id of ours."""
        ms, dash, number = text.partition("-")
        if not (dash and ms.isascii() and ms.isdigit() and number.isascii() and number.isdigit()):
            return None
        return cls(int(ms), int(number)) if len(text) <= 40 else None


class Event(NamedTuple):
    """One event as it is sent: `message` is whole, with its empty line."""

    id: EventId
    sender: str
    event: str
    message: bytes


class Client:
    """One that follows. `ready` is called when there is something to `take`."""

    def __init__(self, sender: str | None, event: str | None, ready: Callable[[], None]) -> None:
        self._sender = sender
        self._event = event
        self._ready = ready
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self.cut: str | None = None
        """Why it gets nothing more."""

    def wants(self, event: Event) -> bool:
        """Whether that is one of what it asked for."""
        return self._sender in (None, event.sender) and self._event in (None, event.event)

    def offer(self, message: bytes) -> None:
        """Let it have that, if it keeps up."""
        if self.cut is not None:
            return
        if len(self._queue) >= QUEUE_EVENTS or self._bytes + len(message) > QUEUE_BYTES:
            self.end(f"too slow: {len(self._queue)} events wait; connect again, with the last id")
            return
        self._queue.append(message)
        self._bytes += len(message)
        self._ready()

    def end(self, reason: str) -> None:
        """Nothing more; what waits is thrown away, as the client is to come back for it."""
        self.cut = reason
        self._queue.clear()
        self._bytes = 0
        self._ready()

    def take(self) -> bytes:
        """All that waits."""
        found = b"".join(self._queue)
        self._queue.clear()
        self._bytes = 0
        return found


class Hub:
    """The last events, and who follows."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._clients: set[Client] = set()
        self._last = EventId(-1, 0)
        self.cut = 0
        """Clients that were too slow, since the start."""

    @property
    def clients(self) -> int:
        """How many follow."""
        return len(self._clients)

    def heard(self, sender: str, event: str, data: str, utc: float) -> None:
        """An event, with its data as JSON."""
        ms = max(self._last.ms, round(utc * 1000))
        self._last = EventId(ms, self._last.number + 1 if ms == self._last.ms else 0)
        body = f'{{"sender":{to_json(sender)},"event":{to_json(event)},"data":{data}}}'
        made = Event(self._last, sender, event, message(body, self._last))
        self._kept.append(made)
        for client in [client for client in self._clients if client.wants(made)]:
            client.offer(made.message)
            if client.cut is not None:
                self.cut += 1
                self._clients.discard(client)

    def follow(self, client: Client) -> bool:
        """From now on; False if there are too many."""
        if len(self._clients) >= MOST_CLIENTS:
            return False
        self._clients.add(client)
        return True

    def leave(self, client: Client) -> None:
        """It has gone."""
        self._clients.discard(client)

    def close(self, reason: str) -> None:
        """All are cut."""
        for client in self._clients:
            client.end(reason)
        self._clients.clear()

    def since(self, last: EventId) -> list[Event] | None:
        """What came after that one; None if memory does not reach back so far."""
        if last == self._last:
            return []
        if not self._kept or last < self._kept[0].id or last > self._last:
            return None
        return list(islice(self._kept, bisect_right(self._kept, last, key=lambda each: each.id), None))


def message(data: str, event_id: EventId | None = None, kind: str | None = None) -> bytes:
    """A message of the stream. JSON has no line ends of its own, so `data` is one line."""
    lines = [f"event: {kind}"] if kind else []
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return "\n".join([*lines, f"data: {data}", "", ""]).encode(errors="replace")
