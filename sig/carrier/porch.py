"""A listening socket, and those at its door who have not said a word.

Strategy: a connection costs a thread or two, and more time than it costs a stranger to open one. So until its
first byte is there it is a socket in a table, for some 20 µs: who only opens connections gets no further.
All peers of `sig` speak first, those that greet by TLS too.

Rules:
 - Those who have spoken are let in before anybody new is looked at, so that who has to go for the new ones is
   who has nothing to say.
 - Who goes is reset: the system keeps nothing of it either.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import threading
import time
from collections import deque
from typing import Any, NamedTuple

from sig import log
from sig.carrier.sockets import describe, origin
from sig.carrier.strangers import Strangers

# So many at a time are taken, then it is seen who has spoken.
BURST = 16
# What leaves the listening socket as good as it was: the peer has gone, or the system hands over an error of
# the network's that concerns that connection only.
GONE = frozenset(
    {
        errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.ENETUNREACH,
        errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.ETIMEDOUT,
    }
)  # fmt: skip
SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
RESET = struct.pack("ii", 1, 0)


class Arrived(NamedTuple):
    """Who has spoken. `origin`: whom it counts as, among strangers."""

    sock: socket.socket
    address: str
    origin: str


class _Waiting(NamedTuple):
    since: float
    arrived: Arrived


class Porch:
    """See the top of this file. All but `close` is called by one thread."""

    def __init__(self, listening: socket.socket, strangers: Strangers[int], patience_s: float | None) -> None:
        """`strangers` is this porch's own; `patience_s`: how long one may say nothing, None: for ever."""
        self._listening = listening
        self._strangers = strangers
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._closed = False
        # By file descriptor, in the order of their coming.
        self._waiting: dict[int, _Waiting] = {}
        self._spoke: deque[Arrived] = deque()
        self._poll = select.poll()
        self._poll.register(listening, select.POLLIN)

    def next(self, timeout_s: float) -> Arrived | None:
        """Who has spoken; None if nobody has in time, or after `close`.

        Raises OSError if the system is out of file descriptors or memory, and there is nobody to turn away.
        """
        if not self._spoke:
            ready = self._poll.poll(timeout_s * 1000)
            with self._lock:
                if not self._closed:
                    self._look(ready)
        return self._spoke.popleft() if self._spoke else None

    def close(self) -> None:
        """Turn everybody away, from any thread; the listening socket is its owner's."""
        with self._lock:
            self._closed = True
            while self._waiting:
                self._turn_away(next(iter(self._waiting)))
            while self._spoke:
                self._spoke.popleft().sock.close()

    def _look(self, ready: list[tuple[int, int]]) -> None:
        listening = False
        for number, _ in ready:
            if number in self._waiting:
                self._hear(number)
            else:
                listening = True
        if self._patience_s is not None:
            self._turn_away_silent(time.monotonic() - self._patience_s)
        if listening:
            self._take()

    def _hear(self, number: int) -> None:
        """Something has come from it: its first word, or its end."""
        arrived = self._waiting[number].arrived
        try:
            spoke = bool(arrived.sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return
        except OSError:
            spoke = False
        if not spoke:
            self._turn_away(number)
            return
        self._forget(number)
        self._spoke.append(arrived)

    def _turn_away_silent(self, before: float) -> None:
        while self._waiting:
            number, waiting = next(iter(self._waiting.items()))
            if waiting.since > before:
                return
            self._turn_away(number)

    def _take(self) -> None:
        for _ in range(BURST):
            try:
                sock, address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as err:
                if err.errno in SCARCE:
                    self._make_room(err)
                elif err.errno in GONE:
                    text = f"a connection was gone before it was accepted: {err.strerror}"
                    log.repeated.note("gone", text, describe(self._listening.getsockname()))
                else:
                    raise
            else:
                self._add(sock, address)

    def _add(self, sock: socket.socket, address: Any) -> None:
        try:
            sock.setblocking(False)
            arrived = Arrived(sock, describe(address), origin(sock, address))
        except BaseException:
            sock.close()
            raise
        number = arrived.sock.fileno()
        self._waiting[number] = _Waiting(time.monotonic(), arrived)
        self._poll.register(number, select.POLLIN)
        first = self._strangers.add(number, arrived.origin)
        if first is not None:
            address = self._waiting[first].arrived.address
            self._turn_away(first)
            text = f"too many connections that say nothing: the oldest, from {address}, is closed"
            log.repeated.note("silent", text, arrived.origin)

    def _make_room(self, err: OSError) -> None:
        """The system has nothing left: turn one away, so that the next can be taken."""
        first = self._strangers.pop()
        if first is None:
            raise err
        text = f"{err.strerror}: the oldest connection that says nothing is closed"
        log.repeated.note("scarce", text, self._waiting[first].arrived.origin)
        self._turn_away(first)

    def _turn_away(self, number: int) -> None:
        arrived = self._forget(number)
        with contextlib.suppress(OSError):
            arrived.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        arrived.sock.close()

    def _forget(self, number: int) -> Arrived:
        self._poll.unregister(number)
        self._strangers.remove(number)
        return self._waiting.pop(number).arrived
