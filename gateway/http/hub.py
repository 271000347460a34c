"""From the threads that trigger events to the clients that follow them: each event is encoded once, for all.

A client has a bounded queue of its own; one that does not read is cut, with the reason as its last event. The
last events of all are kept, for clients that come back; where memory ends, history goes on.

`take` and `follow` belong to the server's thread.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple, Protocol

from gateway.encoding import encode, to_json
from gateway.event_id import BEFORE_ALL, EventId

KEPT = 1000
MOST_CLIENTS = 100
"""Streams at once; each costs a connection and a task."""
QUEUE_EVENTS = 1000
QUEUE_BYTES = 1_000_000
"""What may wait for one client, which is cut beyond either: at ten events a second, after 100 s. The events
are those that are kept anyway, so a client costs its references to them."""
AT_ONCE_BYTES = 64 * 1024
"""What of it is written at once, which is the client's alone until it has read it."""


class Event(NamedTuple):
    """One event as it is sent: `message` is whole, with its empty line; `chunk` is the same as HTTP/1.1 sends
    what it does not know the length of."""

    id: EventId
    sender: str
    event: str
    message: bytes
    chunk: bytes


class Named(Protocol):
    """What has a sender and an event."""

    @property
    def sender(self) -> str: ...

    @property
    def event(self) -> str: ...


_Group = tuple[str | None, str | None, bool, str]


class Pipe:
    """What a client's bytes go into. A connection has one of its own, and sees that it is true."""

    descriptor = -1
    """Where they may be written at once. -1: something is held back, or it is no plain socket, or it is
    lost."""

    def write(self, _data: bytes) -> bool:
        """False if what was written before is not read yet; else these are kept and sent, in their order."""
        return False

    def clear(self) -> None:
        """See whether anything is held back still."""


NOWHERE = Pipe()


class Client:
    """One that follows. `ready` is called when there is something to `take`; `pipe`: where bytes go at once,
    `framed` ones, as HTTP/1.1 has them; `owner`: by whose leave; `gateway`: of that gateway of a fleet
    alone."""

    def __init__(
        self,
        sender: str | None,
        event: str | None,
        ready: Callable[[], None],
        pipe: Pipe = NOWHERE,
        owner: str | None = None,
        *,
        framed: bool = True,
        gateway: str | None = None,
    ) -> None:
        self._sender = sender
        self._event = event
        self._begin = f"{gateway}/" if gateway is not None else ""
        self._ready = ready
        self.pipe = pipe
        self.owner = owner
        self.group = sender, event, framed, self._begin
        """Those of the same get the same bytes of the same events."""
        self.idle = False
        """Nobody is sending to it and nothing waits, so that an event may be written past the queue: a task
        for each of many clients costs five times as much."""
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self.cut: str | None = None
        """Why it gets nothing more."""
        self.is_slow = False
        """That is why."""

    def wants(self, event: Named) -> bool:
        """Whether that is one of what it asked for."""
        wanted = self._sender in (None, event.sender) and self._event in (None, event.event)
        return wanted and event.sender.startswith(self._begin)

    def rest(self, data: bytes, done: int, message: bytes) -> None:
        """So many bytes of an event have been written."""
        if done or self.idle:
            if self.pipe.write(data[done:]):
                return
            if done:
                self.end("its connection broke")
                return
        self.offer(message)

    def offer(self, message: bytes) -> None:
        """Let it have that, if it keeps up."""
        self.idle = False
        if self.cut is not None:
            return
        if len(self._queue) >= QUEUE_EVENTS or self._bytes + len(message) > QUEUE_BYTES:
            self.is_slow = True
            self.end(f"too slow: {len(self._queue)} events wait; connect again, with the last id")
            return
        self._queue.append(message)
        self._bytes += len(message)
        self._ready()

    def end(self, reason: str) -> None:
        """Nothing more; what waits is thrown away, as the client is to come back for it."""
        self.cut = reason
        self.idle = False
        self._queue.clear()
        self._bytes = 0
        self._ready()

    def take(self) -> bytes:
        """What waits, or the first of it; empty if nothing does."""
        queue, found, size = self._queue, [], 0
        while queue and size < AT_ONCE_BYTES:
            found.append(queue.popleft())
            size += len(found[-1])
        self._bytes -= size
        return b"".join(found)


class Hub:
    """The last events, and who follows."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._clients: dict[_Group, set[Client]] = {}
        self._last = BEFORE_ALL
        self.cut = 0
        """Clients that were too slow, since the start."""

    @property
    def clients(self) -> int:
        """How many follow. For any thread."""
        return sum(map(len, list(self._clients.values())))

    @property
    def last(self) -> EventId:
        """Of the newest event."""
        return self._last

    @property
    def oldest(self) -> EventId | None:
        """Of the events that are kept."""
        return self._kept[0].id if self._kept else None

    def all(self) -> list[Event]:
        """The events that are kept."""
        return list(self._kept)

    def heard(self, event_id: EventId, sender: str, event: str, data: str) -> None:
        """An event, with its data as JSON. Ids ascend."""
        self._last = event_id
        text = event_message(event_id, sender, event, data)
        made = Event(event_id, sender, event, text, b"%x\r\n%b\r\n" % (len(text), text))
        self._kept.append(made)
        for (of, named, framed, begin), clients in list(self._clients.items()):
            if of not in (None, sender) or named not in (None, event) or not sender.startswith(begin):
                continue
            sent = made.chunk if framed else text
            for client, done in _write(sent, clients):
                client.rest(sent, done, text)
                self._drop_if_cut(client)

    def missed(self, reason: str) -> None:
        """Events were lost before they came here: memory begins anew, and all are told."""
        self._kept.clear()
        for client in self._all():
            client.offer(gap_message(self._last, reason))
            self._drop_if_cut(client)

    def end_of(self, owner: str, reason: str) -> None:
        """Those are cut that follow by somebody's leave."""
        for client in [client for client in self._all() if client.owner == owner]:
            client.end(reason)
            self.leave(client)

    def follow(self, client: Client) -> bool:
        """From now on; False if there are too many."""
        if self.clients >= MOST_CLIENTS:
            return False
        self._clients.setdefault(client.group, set()).add(client)
        return True

    def leave(self, client: Client) -> None:
        """It has gone."""
        clients = self._clients.get(client.group, set())
        clients.discard(client)
        if not clients:
            self._clients.pop(client.group, None)

    def close(self, reason: str) -> None:
        """All are cut."""
        for client in self._all():
            client.end(reason)
        self._clients.clear()

    def _all(self) -> list[Client]:
        return [client for clients in self._clients.values() for client in clients]

    def _drop_if_cut(self, client: Client) -> None:
        if client.cut is not None:
            self.cut += client.is_slow
            self.leave(client)

    def since(self, last: EventId) -> list[Event] | None:
        """What came after that one; None if memory does not reach back so far."""
        if last == self._last:
            return []
        if not self._kept or last < self._kept[0].id or last > self._last:
            return None
        return list(islice(self._kept, bisect_right(self._kept, last, key=lambda each: each.id), None))


def _write(data: bytes, clients: Iterable[Client]) -> list[tuple[Client, int]]:
    """To all that keep up; the others, with how much of it was written to each. Each waits for those before
    it, so that is a system call for each, and next to nothing beside."""
    size, write, others = len(data), os.write, []
    for client in clients:
        done = 0
        if client.idle:
            try:
                done = write(client.pipe.descriptor, data)
            except OSError:  # it is full, or was none
                done = 0
            if done == size:
                continue
        others.append((client, done))
    return others


def event_message(event_id: EventId, sender: str, event: str, data: str) -> bytes:
    """An event, its data as JSON."""
    body = f'{{"sender":{to_json(sender)},"event":{to_json(event)},"data":{data}}}'
    return message(body, event_id)


def gap_message(last: EventId, reason: str) -> bytes:
    """Some events are missing; who comes back with `last` goes on from here."""
    return message(encode({"reason": reason}), last, "gap")


def message(data: str, event_id: EventId | None = None, kind: str | None = None) -> bytes:
    """A message of the stream. JSON has no line ends of its own, so `data` is one line."""
    lines = [f"event: {kind}"] if kind else []
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return "\n".join([*lines, f"data: {data}", "", ""]).encode(errors="replace")
