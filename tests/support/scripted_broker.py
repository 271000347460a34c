"""A broker on loopback that does what a test says, for what no real one can be made to do.

    with ScriptedBroker(Script(abilities={"RetainAvailable": 0})) as broker:
        ... broker.port ...
        until(lambda: broker.seen.taken)

One thread serves all connections. What it has seen is in `seen`, which may be looked at from any thread.
"""

import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from tests.support.broker_script import Answer, Broker, Instead, Reply, Script
from tests.support.broker_session import Session
from tests.support.mqtt_packets import Disconnect, Publish

__all__ = ["Answer", "Disconnect", "Instead", "Publish", "Reply", "Script", "ScriptedBroker"]

CHUNK = 65536
"""Bytes received at once."""


class _Connection:
    """A socket and its session."""

    def __init__(self, opened: socket.socket, session: Session) -> None:
        self.socket = opened
        self.session = session
        self._unsent = b""
        self._last_words = False
        opened.setblocking(False)

    def receive(self) -> bool:
        """Take what has come; False when that was the end."""
        try:
            data = self.socket.recv(CHUNK)
        except BlockingIOError:
            return True  # it was ready to be written to
        except ConnectionError:
            return False
        self.session.feed(data)  # which is deaf once it has ended
        return bool(data)

    def send(self) -> bool:
        """Write what there is; False when the socket is to be closed.

        After last words the client closes it: closed here, with something unread, they could be lost.
        """
        self._unsent += self.session.take()
        try:
            if self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
                self._last_words = self.session.ended
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if self.session.ended and self._last_words and not self._unsent:
            with suppress(OSError):  # it has gone
                self.socket.shutdown(socket.SHUT_WR)
        return not self.session.ended or self._last_words

    def wanted(self) -> int:
        """What to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)


class ScriptedBroker:
    """`port`: 0 for any free one, which it keeps when it is stopped and started again."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.port = port
        self.seen = Broker(script or Script())
        self._lock = threading.Lock()
        """Over `seen` and the connections; the script's functions are called while it is held."""
        self._connections: list[_Connection] = []
        self._thread: threading.Thread | None = None
        self._wake: socket.socket | None = None

    @property
    def script(self) -> Script:
        """How it behaves, from the next packet."""
        return self.seen.script

    @script.setter
    def script(self, script: Script) -> None:
        with self._lock:
            self.seen.script = script

    @property
    def connected(self) -> list[str]:
        """The client ids of the connections that are up."""
        with self._lock:
            return list(self.seen.receivers.values())

    def start(self) -> Self:
        """Listen; connections are taken from now on."""
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        self._wake, woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, args=(listening, woken), name="scripted-broker")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hang up on all and listen no more; what is retained stays, and wills are said."""
        thread, self._thread = self._thread, None
        if thread is not None and self._wake is not None:
            self._wake.close()
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, **properties: Any
    ) -> None:
        """A message of somebody else's; `properties` by name, such as `ResponseTopic`."""
        message = Publish(topic, payload, qos, retain, properties=properties)
        self._do(lambda: self.seen.route(message))

    def hang_up(self, goodbye: Disconnect | None = None) -> None:
        """End all connections that are there."""

        def end() -> None:
            for connection in self._connections:
                connection.session.end(goodbye)

        self._do(end)

    def _do(self, action: Callable[[], None]) -> None:
        with self._lock:
            action()
        assert self._wake is not None
        self._wake.send(b"x")

    def _serve(self, listening: socket.socket, woken: socket.socket) -> None:
        """The thread: until the other end of `woken` is closed."""
        with selectors.DefaultSelector() as selector, listening, woken:
            selector.register(listening, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj: key.data for key, _ in selector.select()}
                with self._lock:
                    if woken in ready and not woken.recv(CHUNK):
                        break
                    if ready.pop(listening, self) is None:
                        self._accept(listening, selector)
                    ready.pop(woken, None)
                    for connection in ready.values():
                        if not connection.receive():
                            self._close(connection, selector)
                    self._answer(selector)
            with self._lock:
                for connection in tuple(self._connections):
                    self._close(connection, selector)

    def _accept(self, listening: socket.socket, selector: selectors.BaseSelector) -> None:
        opened, _ = listening.accept()
        connection = _Connection(opened, Session(self.seen))
        self._connections.append(connection)
        selector.register(opened, selectors.EVENT_READ, connection)

    def _answer(self, selector: selectors.BaseSelector) -> None:
        """Write what there is. Who goes may have a will, for those who stay."""
        finished = None
        while finished is None or finished:
            for connection in self._connections:
                if connection.session.ended:
                    connection.session.gone()
            finished = [one for one in self._connections if not one.send()]
            for connection in finished:
                self._close(connection, selector)
        for connection in self._connections:
            selector.modify(connection.socket, connection.wanted(), connection)

    def _close(self, connection: _Connection, selector: selectors.BaseSelector) -> None:
        selector.unregister(connection.socket)
        connection.socket.close()
        self._connections.remove(connection)
        connection.session.gone()
