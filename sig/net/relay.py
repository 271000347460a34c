"""The signals of one client on their way through the server.

Strategy: nearly always all who listen to a signal are other clients. Then no user code is to run, and handing
each signal to the dispatcher and each message to a writer would cost several times what the work does. So the
reader that received the signals passes them on: each event is encoded once, each listener's copy is one
addition, and all that a piece of input has brought for one connection is posted at once, by `flush`.

Rules:
 - Order: the reader passes on nothing while the dispatcher has anything left to do for this client.
 - The reader never waits. Where it finds a queue crowded it leaves the waiting to the dispatcher, so that
   what follows queues up behind, and the client is slowed down by its window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sig.errors import BadParams
from sig.net.connection import Connection
from sig.net.writing import Writing, mode, wait_for_crowded
from sig.signals import Signal, takes_info
from sig.wire import Message

# What turns a packed event into the message for one listener, and where that message is put.
Copy = tuple[Callable[[Any], bytes], Callable[[bytes], None]]


class RemoteListener:
    """A client's subscription, as a callback of the server's router."""

    __slots__ = ("_pack_event", "connection", "listener_id")

    def __init__(
        self,
        pack_event: Callable[[dict[str, Any], Any], Any],
        connection: Connection,
        listener_id: int,
    ) -> None:
        """`pack_event(info, data)`: as the codec writes it, once for all whom a trigger reaches."""
        self._pack_event = pack_event
        self.connection = connection
        self.listener_id = listener_id

    def __call__(self, info: dict[str, Any], data: Any) -> None:
        self.connection.signal(self._pack_event(info, data), self.listener_id)


class _Route:
    """Where one event of the client goes; true as long as `targets` are the event's."""

    __slots__ = ("copies", "event", "signal", "takes_info", "targets")

    def __init__(self, signal: Signal) -> None:
        self.signal = signal
        self.event = signal.event
        self.takes_info = takes_info(signal)
        self.targets: tuple[Any, ...] | None = None
        # None: the reader must not pass it on, as user code is to run.
        self.copies: tuple[Copy, ...] | None = None


class Relay:
    """See the top of this file. All but `_trigger` runs on the connection's reader."""

    def __init__(self, connection: Connection, find_signal: Callable[[Any, Any], Signal]) -> None:
        """`find_signal(sender, event)`: the client's signal; raises BadParams, UnknownSender."""
        self._connection = connection
        self._find_signal = find_signal
        self._pack_event = connection.codec.pack_event
        self._routes: dict[tuple[Any, Any], _Route] = {}
        # Of each sender those that it has in `_routes`.
        self._keys: dict[Any, list[tuple[Any, Any]]] = {}
        # What the piece of input has brought for each connection so far.
        self._gathered: dict[Connection, list[bytes]] = {}
        self._crowded: list[Writing] = []
        self._forgotten = 0

    def forget(self, sender: Any) -> None:
        """The client has no sender of that name any more. On any thread."""
        self._forgotten += 1
        for key in self._keys.pop(sender, ()):
            self._routes.pop(key, None)

    def signal(self, params: Any, at_once: bool) -> Callable[[], object] | None:
        """The client's `signal`: pass it on, or return what the dispatcher is to do."""
        info = params.get("info")
        if not isinstance(info, dict):
            raise BadParams(f"info: expected an object, got {type(info).__name__}")
        key = (info.get("sender"), info.get("event"))
        try:
            route = self._routes.get(key)
        except TypeError:
            raise BadParams("info: sender and event must be strings") from None
        if route is None:
            forgotten = self._forgotten
            route = self._routes[key] = _Route(self._find_signal(*key))
            self._keys.setdefault(key[0], []).append(key)
            if self._forgotten != forgotten:  # perhaps of this one, before it was kept
                self.forget(key[0])
        if at_once:
            if route.targets is None or route.targets is not route.event.targets:
                self._refresh(route)
            if route.copies is not None:
                if route.copies:
                    packed = self._pack_event(info, params.get("data"))
                    for finish, put in route.copies:
                        put(finish(packed))
                return None
        extra = info if len(info) > 2 and route.takes_info else None
        return partial(self._trigger, route.signal, params.get("data"), extra)

    def flush(self) -> None:
        """Post what was gathered. At the end of a piece of input."""
        crowded = []
        for connection, signals in self._gathered.items():
            if signals:
                if connection.writing.post_signals(signals):
                    crowded.append(connection.writing)
                signals.clear()
        if crowded:
            self._connection.add_job(partial(wait_for_crowded, crowded))

    def _refresh(self, route: _Route) -> None:
        """Find out who listens now."""
        event = route.event
        targets = event.targets
        if targets is None:
            targets = event.sender.resolve(event)
        # A Signal of a user's own class may do anything when it is triggered.
        route.copies = self._copies(targets) if type(route.signal) is Signal else None
        route.targets = targets

    def _copies(self, targets: tuple[Any, ...]) -> tuple[Copy, ...] | None:
        if not all(isinstance(each, RemoteListener) and each.connection.pipelined for each in targets):
            return None
        if not all(connection.is_open() for connection in self._gathered):
            # Let go of those that have ended, and of the routes that lead to them.
            self.flush()
            self._gathered = {}
            for each in list(self._routes.values()):
                each.targets = None
        return tuple(
            (
                each.connection.codec.signal_packer(each.listener_id),
                self._gathered.setdefault(each.connection, []).append,
            )
            for each in targets
        )

    def _trigger(self, signal: Signal, data: Any, extra: Message | None) -> None:
        """On the dispatcher: call the listeners, and wait for those who are slow."""
        mode.crowded = self._crowded
        if extra is None:
            signal.trigger(data)
        else:
            signal.trigger(data, extra)
        if self._crowded:
            wait_for_crowded(self._crowded)
