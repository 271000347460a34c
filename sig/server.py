"""ServerRouter: a Router whose senders and listeners may also live in the clients connected to it.

Who owns a sender: a client that added it, or (no owner) this process. A client's sender goes when the client
does, after the signals that had come from it are delivered; but if a client wants the name before that,
the sender of a client that is gone makes room at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from sig.carrier.base import Carrier, Channel
from sig.event import Event
from sig.net.connection import Connection
from sig.net.session import Session
from sig.router import Router
from sig.sender import Handlers, Sender
from sig.signals import Signal

# A wrong token costs this much more with each one from the same address, up to the most.
PENALTY_S = 0.5
MAX_PENALTY_S = 3.0
# Forgiven after that time without another; no more addresses than that are remembered.
FORGIVEN_S = 300.0
MAX_OFFENDERS = 1000


class ServerRouter(Router):
    """Serves its senders and listeners to the clients that `carrier` brings, and theirs to each other.

    Also a Router of this process; all of that works, and a request to a client's sender waits for that
    client's answer: `Limits.timeout_s` at most, then RequestTimeout.
    """

    def __init__(
        self,
        carrier: Carrier,
        class_sender: type[Sender] = Sender,
        class_signal: type[Signal] = Signal,
        class_event: type[Event] = Event,
    ) -> None:
        super().__init__(class_sender, class_signal, class_event)
        self.carrier = carrier
        self._numbers = count(1)
        self._sessions: set[Session] = set()
        self._owners: dict[str, Session] = {}
        self._offenders: dict[str, tuple[int, float]] = {}
        self._packed: tuple[Any, Any, Any] = (None, None, None)
        carrier.bind(self._accept)

    def _accept(self, channel: Channel) -> Connection:
        name = f"sig-server-{next(self._numbers)}"
        connection = Connection(channel, self.carrier.codec, self.carrier.limits, name)
        session = Session(self, connection, self.carrier.token)
        with self.lock:
            self._sessions.add(session)
        return connection

    def register(self, name: str, events: Iterable[str] | str | None, requests: Handlers | None) -> Sender:
        with self.lock:
            owner = self._owners.get(name)
            if owner is not None and not owner.connection.is_open():
                self.unregister(name)
            return super().register(name, events, requests)

    def unregister(self, sender: Sender | str) -> Sender | None:
        with self.lock:
            found = super().unregister(sender)
            owner = self._owners.pop(found.getName(), None) if found is not None else None
            if found is not None and owner is not None:
                owner.disown(found.getName())
            return found

    # What follows is for sessions.

    def register_for(
        self, session: Session, name: str, events: Iterable[str] | str | None, requests: Handlers, size: int
    ) -> None:
        """Connect a client's sender; its #connect is yet to be delivered."""
        with self.lock:
            session.own(name, self.register(name, events, requests), size)
            self._owners[name] = session

    def drop(self, session: Session, name: str) -> None:
        """Disconnect a client's sender if it is still that client's, and deliver its #disconnect."""
        with self.lock:
            sender = self.unregister(name) if self._owners.get(name) is session else None
        if sender is not None:
            self.deliver_lifecycle(name)
            self.forget(sender)

    def take_over(self, session: Session, instance: str) -> None:
        """A client has connected anew: an older connection of it, not yet found dead, is ended."""
        with self.lock:
            older = [s for s in self._sessions if s.instance == instance and s is not session]
            session.instance = instance
        for each in older:
            each.connection.close("the same client has connected anew")

    def left(self, session: Session) -> None:
        """A client's connection is gone."""
        with self.lock:
            self._sessions.discard(session)

    def slow_down(self, connection: Connection) -> None:
        """Have a peer with a wrong token wait, the longer the more often its address had one."""
        host = connection.origin
        now = time.monotonic()
        with self.lock:
            times, last = self._offenders.pop(host, (0, now))
            times = times + 1 if now - last < FORGIVEN_S else 1
            self._offenders[host] = (times, now)
            while len(self._offenders) > MAX_OFFENDERS:
                del self._offenders[next(iter(self._offenders))]
        connection.closing.wait(min(PENALTY_S * times, MAX_PENALTY_S))

    def pack_event(self, info: dict[str, Any], data: Any) -> Any:
        """An event as the codec writes it; packed once for all the clients that one trigger reaches.

        A trigger makes its own `info`, which tells whether what was packed last is this very event.
        """
        last_info, last_data, packed = self._packed
        if last_info is not info or last_data is not data:
            packed = self.carrier.codec.pack_event(info, data)
            self._packed = (info, data, packed)
        return packed

    def describe_senders(self, list_events: bool) -> list[dict[str, Any]]:
        """All senders, as `list_senders` answers."""
        return [_described(sender, list_events) for sender in self.listSenders()]

    def describe_connected(
        self, list_events: bool, list_requests: bool, names: Sequence[object] | None
    ) -> list[dict[str, Any]]:
        """Those that are connected, or those of them that are called so, with the names of their methods. Of
        one whose #connect or #disconnect is on its way it is said that it is not `told`, connected or not."""
        described = []
        with self.lock:
            for sender in self.listSenders():
                name = sender.getName()
                told = self.is_told(name)
                if (names is not None and name not in names) or (told and not sender.isConnected()):
                    continue
                entry = _described(sender, list_events)
                if list_requests:
                    entry["requests"] = sender.getRequests()
                described.append(entry if told else {**entry, "told": False})
        return described


def _described(sender: Sender, list_events: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"sender": sender.getName(), "connected": sender.isConnected()}
    if list_events:
        entry["events"] = [{"event": name} for name in sender.getEvents()]
    return entry
