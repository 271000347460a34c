"""What every client's carrier does: connect, notice the loss, connect again."""

from __future__ import annotations

import random
import threading
from abc import abstractmethod
from typing import Any, Self

from sig import log
from sig.carrier.base import Carrier, Channel
from sig.carrier.exiting import drained_at_exit
from sig.errors import RequestError, Unauthorized, text_of
from sig.net.connection import Connection

# A lost server is back within a second of its return: pauses grow from 50 ms to at most 0.5 s, each
# shortened at random so that many clients do not come all at once.
FIRST_PAUSE_S = 0.05
MAX_PAUSE_S = 0.5


class ClientCarrier(Carrier):
    """A carrier for a ClientRouter.

    `auto_reconnect` (default True): a connection that was made and is lost is made again, for ever, until
    `disconnect`. The router then puts back its remote senders and listeners.

    `last_error`: why the last attempt to connect failed, as text; None if it succeeded, or there was none.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.last_error: str | None = None
        # Of who connects: two at once would make two connections, which throw each other off.
        self._connecting = threading.Lock()
        self._state = threading.Lock()
        self._connection: Connection | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        drained_at_exit(self)

    @abstractmethod
    def open(self, host: str, port: int) -> Channel:
        """Make one connection, within `Limits.handshake_s`. Raises OSError."""

    def connect(self, host: str = "localhost", port: int = 0) -> bool:
        """Connect to a server; False, with a logged reason, if that cannot be done now.

        An older connection is ended first. Raises Unauthorized if the server wants a token, or another one.
        """
        was_connected = False
        try:
            with self._connecting:
                was_connected = self._let_go()
                connection = self._try(host, port)
                if connection is None:
                    self.finish()
                else:
                    keeper = self._keep_by(connection, host, port)
        finally:
            if was_connected:
                self.notify(self.on_disconnected)
        if connection is None:
            return False
        self.notify(self.on_connected)
        try:
            keeper.start()
        except BaseException:  # this machine has no thread left
            self.disconnect()
            raise
        return True

    def _keep_by(self, connection: Connection, host: str, port: int) -> threading.Thread:
        """The connection is the one in use from now on; what is to make it anew, once it is lost."""
        stopping = threading.Event()
        arguments = (connection, host, port, stopping)
        keeper = threading.Thread(target=self._keep, args=arguments, name="sig-client-keeper", daemon=True)
        with self._state:
            self._connection, self._stopping, self._keeper = connection, stopping, keeper
        return keeper

    def disconnect(self) -> None:
        """End the connection and wait for its threads. Any number of times, from any thread.

        What is queued is sent first, for `Limits.full_wait_s` at most, and as long as something is sent in
        each `Limits.drain_s`; what is not sent then is logged and counted. Then it waits as long, in the same
        way, for the server to have read it; and for user code that still runs `Limits.join_s` at most.
        """
        if self._let_go():
            self.notify(self.on_disconnected)

    def _let_go(self) -> bool:
        """End the connection, if there is one, and its threads; whether it stood."""
        with self._state:
            connection, self._connection = self._connection, None
            keeper, self._keeper = self._keeper, None
            self._stopping.set()
        if keeper is None:
            return False
        was_connected = connection is not None and connection.is_open()
        if connection is not None:
            connection.leave("this side disconnects", self.limits.drain_s, self.limits.full_wait_s)
            connection.join(self.limits.join_s)
        if keeper is not threading.current_thread() and keeper.ident is not None:
            keeper.join(self.limits.join_s)
        self.finish()
        return was_connected

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.disconnect()

    def drain(self, timeout_s: float) -> None:
        """Wait until what is queued is sent, as long as something is sent in half of the time; what is not is
        logged. The connection stays."""
        connection = self._connection
        if connection is not None:
            connection.drain(timeout_s / 2, timeout_s)

    def isConnected(self) -> bool:
        """Whether the connection stands now."""
        connection = self._connection
        return connection is not None and connection.is_open()

    def _try(self, host: str, port: int) -> Connection | None:
        """One attempt, up to and including the greeting. Raises Unauthorized."""
        try:
            channel = self.open(host, port)
        except OSError as err:
            self.last_error = text_of(err)
            log.get().warning(f"[{type(self).__name__}] cannot connect to {host}:{port}: {self.last_error}")
            return None
        connection = self._start(channel)
        try:
            self.greet(connection)
            log.get().info(f"[{connection.name}] connected to {connection.address}")
        except BaseException as err:
            self.last_error = text_of(err)
            connection.close("the greeting failed")
            connection.join(self.limits.join_s)
            if isinstance(err, Unauthorized) or not isinstance(err, RequestError):
                raise
            log.get().warning(f"[{type(self).__name__}] cannot connect to {host}:{port}: {self.last_error}")
            return None
        self.last_error = None
        return connection

    def _start(self, channel: Channel) -> Connection:
        """Have the router make a connection of it, and start that; the channel is closed if that fails."""
        try:
            connection = self.accept(channel)
        except BaseException:
            channel.shutdown()
            channel.close()
            raise
        try:
            connection.start()
        except BaseException:
            connection.abort("it could not be started")
            raise
        return connection

    def _keep(self, connection: Connection, host: str, port: int, stopping: threading.Event) -> None:
        """The keeper: waits for the loss of the connection, and makes it anew."""
        while True:
            connection.lost.wait()
            if stopping.is_set():
                return
            self.notify(self.on_disconnected)
            found = self._again(host, port, stopping) if self.auto_reconnect else None
            if found is None:
                return
            with self._state:
                if not stopping.is_set():
                    self._connection = connection = found
                    found = None
            if found is not None:
                found.close("this side disconnects")
                found.join(self.limits.join_s)
                return
            self.notify(self.on_connected)

    def _again(self, host: str, port: int, stopping: threading.Event) -> Connection | None:
        """Try until there is one, whatever the tries raise: a router, a carrier or the log is somebody's."""
        failures = log.Failures(f"[{type(self).__name__}] connecting again to {host}:{port} failed")
        refusal = ""
        pause_s = FIRST_PAUSE_S
        while not stopping.wait(pause_s * random.uniform(0.5, 1.0)):
            try:
                connection = self._try(host, port)
                if connection is not None:
                    return connection
            except Unauthorized as err:
                if str(err) != refusal:
                    refusal = str(err)
                    log.failure(f"[{type(self).__name__}] {host}:{port} refuses us")
            except Exception as err:  # noqa: BLE001 - as above
                failures.note(err)
            pause_s = min(2 * pause_s, MAX_PAUSE_S)
        return None
