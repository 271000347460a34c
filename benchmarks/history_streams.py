"""Clients that follow the events of a gateway: how late each event is, and what they cost it.

All clients are in this one process, with raw sockets and one epoll. When an event came is what the kernel
noted as its bytes arrived (SO_TIMESTAMPNS), so what the clients themselves take is not in the figure; when it
was sent is when the board wrote the line.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.history_house import SENSORS, House

_SO_TIMESTAMPNS = 35
_STAMP = struct.Struct("=qq")
_ASK = b"GET /api/v1/events?event=%23changed HTTP/1.1\r\nHost: localhost\r\n\r\n"
PER_SECOND = 10.0
_VALUE = b'"value":'


class Delay(NamedTuple):
    """Of one event at one client, in seconds."""

    client: int
    event: int
    late: float


class Streams:
    """So many clients; the last `deaf` of them read nothing."""

    def __init__(self, house: House, clients: int, deaf: int = 0) -> None:
        self._house = house
        self._deaf = deaf
        self._sockets = [self._follow() for _ in range(clients)]
        self._came: list[tuple[int, float, bytes]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def close(self) -> None:
        """They go."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        for each in self._sockets:
            each.close()

    def start(self) -> None:
        """Read from now on."""
        self._thread.start()

    def delays(self, events: int) -> list[Delay]:
        """Of so many events, a tenth of a second apart, with another value each."""
        self._came.clear()
        sent: dict[float, tuple[int, float]] = {}
        due = time.monotonic()
        for number in range(events):
            due += 1 / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            channel = self._house.board.channels[number % SENSORS]
            sent[self._house.board.next_value] = number, time.time()
            self._house.board.report([channel])
        time.sleep(1.0)
        return list(self._found(sent))

    def _found(self, sent: dict[float, tuple[int, float]]) -> Iterator[Delay]:
        for client, at, data in list(self._came):
            for part in data.split(_VALUE)[1:]:
                value = float(part[: part.index(b",")])
                if value in sent:
                    number, told = sent[value]
                    yield Delay(client, number, at - told)

    def _follow(self) -> socket.socket:
        found = socket.create_connection(("127.0.0.1", self._house.port))
        found.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        found.sendall(_ASK)
        return found

    def _read(self) -> None:
        """The clients' thread."""
        with select.epoll() as ready:
            readers = self._sockets[: len(self._sockets) - self._deaf]
            by_descriptor = {each.fileno(): (number, each) for number, each in enumerate(readers)}
            for descriptor in by_descriptor:
                ready.register(descriptor, select.EPOLLIN)
            while not self._ended.is_set():
                for descriptor, _ in ready.poll(0.2):
                    number, each = by_descriptor[descriptor]
                    data, notes, _, _ = each.recvmsg(65536, 64)
                    if not data:
                        ready.unregister(descriptor)
                    for _, _, note in notes:
                        second, ns = _STAMP.unpack(note[: _STAMP.size])
                        self._came.append((number, second + ns / 1e9, data))


@contextmanager
def streams(house: House, clients: int, deaf: int = 0) -> Iterator[Streams]:
    """Some that follow, for the length of a with block."""
    found = Streams(house, clients, deaf)
    found.start()
    try:
        yield found
    finally:
        found.close()
