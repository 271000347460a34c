"""Opening a connection, which blocks (names, TCP, TLS): on a thread of its own, one at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from gateway.mqtt.broker.connection import Connection
from gateway.mqtt.broker.hints import is_of_certificate, of_opening
from gateway.mqtt.broker.target import Target


class Dialled(NamedTuple):
    """What came of it: an open connection, or why there is none. `absent`: nobody was there."""

    connection: Connection
    problem: str | None
    absent: bool = True


class Dialler:
    """`post` brings a Dialled to the bridge, unless it has ended: then what was opened is closed."""

    def __init__(self, target: Target, post: Callable[[object], bool]) -> None:
        self._target = target
        self._post = post
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether a letter is still to come."""
        return self._thread is not None

    def dial(self, connection: Connection) -> None:
        """Begin to. Raises RuntimeError where this machine has no thread left."""
        thread = threading.Thread(target=self._open, args=(connection,), name="mqtt-connect", daemon=True)
        thread.start()
        self._thread = thread

    def done(self) -> None:
        """The letter has come."""
        self._thread = None

    def join(self, timeout_s: float) -> None:
        """Wait for the thread, if there is one."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _open(self, connection: Connection) -> None:
        """The thread."""
        problem, absent = None, True
        try:
            connection.open()
        except Exception as error:  # noqa: BLE001 - without a letter nobody would ever dial again
            problem = of_opening(error, self._target, time.time())
            absent = not is_of_certificate(error, self._target)
        if not self._post(Dialled(connection, problem, absent)):
            connection.close()
