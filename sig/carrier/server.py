"""What every server's carrier does: listen, accept, keep count of its connections, and end them."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from functools import partial
from typing import Any, Self

from sig import log
from sig.carrier.base import Carrier, Channel
from sig.carrier.exiting import drained_at_exit
from sig.carrier.room import files_allowed, files_in_use, room_for
from sig.carrier.strangers import Strangers
from sig.net.connection import Connection

# How long to leave alone a listener that fails, for want of file descriptors say; at first, and at most.
PAUSE_AFTER_FAILURE_S = (0.05, 0.5)


class Listener:
    """What accepts connections."""

    # What it listens on, as host and port.
    address: tuple[str, int] = ("", 0)

    @abstractmethod
    def accept(self, timeout_s: float) -> Channel | None:
        """The next connection; None if there is none in time, or after `close`. Raises OSError."""

    @abstractmethod
    def close(self) -> None:
        """Stop listening; `accept` returns at once."""


class ServerCarrier(Carrier):
    """A carrier for a ServerRouter."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # How many connections there may be; what the limits say, or the system if that is less.
        self.room = room_for(self.limits, None, 0)
        # Of who starts it: two at once would listen twice.
        self._starting = threading.Lock()
        self._state = threading.Lock()
        self._settled = threading.Condition(self._state)
        self._listener: Listener | None = None
        self._started = False  # and not stopped yet
        self._acceptor: threading.Thread | None = None
        # All whose threads have not ended; of them those who may come in, and those not known yet. The rest,
        # which is about to end, is in neither.
        self._connections: set[Connection] = set()
        self._clients: set[Connection] = set()
        self._strangers: Strangers[Connection] = Strangers(1, 1)
        drained_at_exit(self)

    @abstractmethod
    def listen(self, host: str, port: int) -> Listener:
        """Begin to listen, with `room` for strangers.

        Raises OSError or ValueError, whose text says what to do.
        """

    def start(self, host: str = "localhost", port: int = 0) -> bool:
        """Listen, and serve who connects, on threads of its own; returns True once it listens.

        Raises OSError if it cannot listen there, ValueError if it should not, or listens already.
        """
        with self._starting:
            self._begin_to_listen(host, port)
        log.get().info(f"[{type(self).__name__}] listening on {self.address}")
        self.notify(self.on_connected)
        return True

    def _begin_to_listen(self, host: str, port: int) -> None:
        if self._listener is not None:
            raise ValueError(f"it listens on {self.address} already: stop() it first")
        if self._accept is None:
            raise ValueError("no router uses this carrier: make a ServerRouter with it first")
        self._make_room()
        self._listener = listener = self.listen(host, port)
        acceptor = threading.Thread(
            target=self._accept_all, args=(listener,), name="sig-server-acceptor", daemon=True
        )
        try:
            acceptor.start()
        except BaseException:  # this machine has no thread left
            self._listener = None
            listener.close()
            raise
        self._acceptor = acceptor
        self._started = True

    def _make_room(self) -> None:
        allowed = files_allowed()
        self.room = room = room_for(self.limits, allowed, files_in_use())
        self._strangers = Strangers(*room.strangers)
        if room.clients < self.limits.max_clients:
            log.get().warning(
                f"[{type(self).__name__}] {room.clients} clients at a time, not {self.limits.max_clients}, "
                f"as the system allows this process {allowed} open files: `ulimit -n`, or LimitNOFILE= where "
                "systemd starts it, raises that"
            )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on; ("", 0) if it does not. Of a Unix socket: its path, and 0."""
        listener = self._listener
        return listener.address if listener is not None else ("", 0)

    @property
    def connections(self) -> int:
        """How many clients are connected, those included that have said something but may not come in yet."""
        return len(self._connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def drain(self, timeout_s: float) -> None:
        """Wait until what is queued for the clients is sent, and log what is not by then."""
        with self._state:
            connections = list(self._connections)
        deadline = time.monotonic() + timeout_s
        for connection in connections:
            connection.drain(max(0.0, deadline - time.monotonic()))

    def isConnected(self) -> bool:
        """Whether it listens."""
        return self._listener is not None

    def stop(self) -> None:
        """Stop listening, end all connections, wait for their threads. Any number of times, from any thread.

        What is queued is sent first, for `Limits.drain_s` at most; for handlers that still run it waits
        `Limits.join_s` at most, and logs that they do.
        """
        self.stop_listening()
        with self._state:
            connections = list(self._connections)
            started, self._started = self._started, False
        if not started and not connections:
            return
        drained = time.monotonic() + self.limits.drain_s
        # those first who have got all: one that takes nothing has what is left of the time, not theirs
        for connection in sorted(connections, key=lambda each: not each.writing.drain(0.0)):
            connection.writing.drain(max(0.0, drained - time.monotonic()))
            connection.finish("the server stops")
        for connection in connections:
            connection.wait_finished(max(0.0, drained - time.monotonic()))
            connection.close("the server stops")
        deadline = time.monotonic() + self.limits.join_s
        for connection in connections:
            if not connection.join(max(0.0, deadline - time.monotonic())):
                log.get().warning(f"[{connection.name}] a handler of it is still running")
        log.repeated.tell(early=True)
        if started:
            self.notify(self.on_disconnected)

    def stop_listening(self) -> bool:
        """Take no more connections; those that there are go on until `stop`. False if it did not listen."""
        with self._state:
            listener, self._listener = self._listener, None
            self._settled.notify_all()
        if listener is None:
            return False
        listener.close()
        if self._acceptor is not None and self._acceptor is not threading.current_thread():
            self._acceptor.join(self.limits.join_s)
        return True

    def _accept_all(self, listener: Listener) -> None:
        """The acceptor: nothing ends it but `stop`, whatever a listener, a connection or the log raises."""
        failures = log.Failures("accepting a connection failed")
        first_s, longest_s = PAUSE_AFTER_FAILURE_S
        pause_s = first_s
        while self._listener is listener:
            try:
                log.repeated.tell()
                channel = listener.accept(self.limits.tick_s) if self._may_accept(listener) else None
                if channel is not None:
                    self._begin(listener, channel)
                pause_s = first_s
            except Exception as err:  # noqa: BLE001 - as above
                failures.note(err)
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)

    def _may_accept(self, listener: Listener) -> bool:
        """Wait, a tick at most, while as many connections as there may be strangers are about to end: until
        then each has its thread and descriptor."""

        def settled() -> bool:
            ending = len(self._connections) - len(self._clients) - len(self._strangers)
            return ending <= self.room.strangers.most or self._listener is not listener

        with self._state:
            return self._settled.wait_for(settled, self.limits.tick_s)

    def _begin(self, listener: Listener, channel: Channel) -> None:
        """Make a connection of a channel, of a stranger's yet; unless it is too late."""
        connection = first = None
        try:
            with self._state:
                if self._listener is listener:
                    connection = self.accept(channel)
                    connection.on_finished = partial(self._ended, connection)
                    connection.on_known = partial(self._known, connection)
                    self._connections.add(connection)
                    first = self._strangers.add(connection, channel.origin)
            if connection is not None:
                connection.start()
        except BaseException:
            if connection is not None:
                connection.abort("it could not be started")
            else:
                channel.shutdown()
                channel.close()
            raise
        if connection is None:
            channel.shutdown()
            channel.close()
        if first is not None:
            first.close("too many connections that may not come in yet: the oldest is closed")
            text = f"too many connections that show no token: the oldest, from {first.address}, is closed"
            log.repeated.note("strangers", text, channel.origin)

    def _known(self, connection: Connection) -> bool:
        """A stranger has shown that it may come in; False if there is no room for it."""
        with self._state:
            if len(self._clients) < self.room.clients and self._strangers.remove(connection):
                self._clients.add(connection)
                return True
            clients = len(self._clients)
        text = f"{connection.address} refused: there are {clients} connections, as many as may be"
        log.repeated.note("full", text, connection.origin)
        return False

    def _ended(self, connection: Connection) -> None:
        with self._state:
            self._connections.discard(connection)
            self._clients.discard(connection)
            self._strangers.remove(connection)
            self._settled.notify_all()
