"""A listening socket, and those at its door who have not said a word.

Strategy: a connection costs a thread or two, and more time than it costs a stranger to open one. So until its
first byte is there it is a socket in a table, for some 20 µs: who only opens connections gets no further.
All peers of `sig` speak first, those that greet by TLS too.

Rules:
 - Who has spoken is not driven out by those who have not, and is let in before anybody new is looked at.
 - Of those who have spoken, who is alone at its address comes first. For each that is let in up to BURST are
   taken from the system's queue: who is in there behind a flood must not wait for all of it to be let in.
 - Who has to go is reset: the system keeps nothing of it either.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import threading
import time
from typing import Any, NamedTuple

from sig import log
from sig.carrier.room import Room
from sig.carrier.sockets import describe, origin
from sig.carrier.strangers import Strangers

# So many at a time are taken, then one who has spoken is let in. At 0.1 ms for each that is taken and 0.5 ms
# for one that is let in: 6,000 a second, 750 of them with something to say.
BURST = 8
# Where the silent drive each other out, who comes is left in the system's queue for so long: most have said
# their first word by then, and need no place among the silent. At 2,000 a second 60 wait there.
REST_S = 0.03
# Where there is no file descriptor left, nor any to be freed here.
SCARCE_REST_S = 0.25
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

    def __init__(self, listening: socket.socket, room: Room, patience_s: float | None) -> None:
        """`patience_s`: how long one may say nothing, None: for ever."""
        self._listening = listening
        bound = listening.getsockname()
        self._name = f"what connects to {bound if isinstance(bound, str) else describe(bound)}"
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._closed = False
        # Both by file descriptor. The table is in the order of their coming.
        self._waiting: dict[int, _Waiting] = {}
        self._silent: Strangers[int] = Strangers(*room.silent)
        self._spoke: Strangers[int] = Strangers(*room.strangers)
        # Whether one was driven out since the system's queue was empty; until when no more are taken for it.
        self._pressed = False
        self._rests_until = 0.0
        self._poll = select.poll()
        self._poll.register(listening, select.POLLIN)

    def next(self, timeout_s: float) -> Arrived | None:
        """Who has spoken; None if nobody has in time, or after `close`. Raises OSError."""
        ready = self._wait(0.0 if self._spoke else timeout_s)
        with self._lock:
            if self._closed:
                return None
            self._look(ready)
            number = self._spoke.take()
            return self._waiting.pop(number).arrived if number is not None else None

    def _wait(self, timeout_s: float) -> list[tuple[int, int]]:
        rest_s = self._rests_until - time.monotonic()
        if rest_s <= 0:
            return self._poll.poll(timeout_s * 1000)
        self._poll.modify(self._listening, 0)
        try:
            return self._poll.poll(min(timeout_s, rest_s) * 1000)
        finally:
            self._poll.modify(self._listening, select.POLLIN)

    def close(self) -> None:
        """Turn everybody away, from any thread; the listening socket is its owner's."""
        with self._lock:
            self._closed = True
            for number in list(self._waiting):
                self._turn_away(number)

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

    def _hear(self, number: int) -> bool:
        """Whether something has come from it: its first word, or its end."""
        arrived = self._waiting[number].arrived
        try:
            spoke = bool(arrived.sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        except OSError:
            spoke = False
        if spoke:
            self._poll.unregister(number)
            self._silent.remove(number)
            self._bound(self._spoke.add(number, arrived.origin), "that show no token")
        else:
            self._turn_away(number)
        return True

    def _turn_away_silent(self, before: float) -> None:
        if self._waiting and next(iter(self._waiting.values())).since <= before:
            for number, waiting in list(self._waiting.items()):
                if waiting.since <= before and number in self._silent:
                    self._turn_away(number)

    def _take(self) -> None:
        for _ in range(BURST):
            try:
                sock, address = self._listening.accept()
            except BlockingIOError:
                if self._pressed:
                    self._rests_until = time.monotonic() + REST_S
                    self._pressed = False
                return
            except OSError as err:
                if err.errno in SCARCE:
                    if not self._make_room(err):
                        return
                elif err.errno in GONE:
                    text = f"a connection was gone before it was accepted: {err.strerror}"
                    log.repeated.note("gone", text, self._name)
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
        number = sock.fileno()
        self._waiting[number] = _Waiting(time.monotonic(), arrived)
        self._poll.register(number, select.POLLIN)
        if not self._hear(number):
            first = self._silent.add(number, arrived.origin)
            self._pressed = self._pressed or first is not None
            self._bound(first, "that say nothing")

    def _bound(self, first: int | None, what: str) -> None:
        """Turn away who has to go for another, if somebody has to."""
        if first is not None:
            arrived = self._turn_away(first)
            text = f"too many connections {what}: the oldest, from {arrived.address}, is closed"
            log.repeated.note(what, text, arrived.origin)

    def _make_room(self, err: OSError) -> bool:
        """The system has nothing left: turn one away, to take the next; False if there is none."""
        text = f"accepting a connection failed: {err.strerror}"
        first = self._silent.pop()
        if first is None:
            self._rests_until = time.monotonic() + SCARCE_REST_S
            log.repeated.note("scarce", f"{text}; waiting until others end", self._name)
            return False
        arrived = self._turn_away(first)
        log.repeated.note("scarce", f"{text}; the oldest that says nothing is closed", arrived.origin)
        return True

    def _turn_away(self, number: int) -> Arrived:
        arrived = self._waiting.pop(number).arrived
        self._silent.remove(number)
        self._spoke.remove(number)
        with contextlib.suppress(KeyError):  # who has spoken is not polled
            self._poll.unregister(number)
        with contextlib.suppress(OSError):
            arrived.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        arrived.sock.close()
        return arrived
