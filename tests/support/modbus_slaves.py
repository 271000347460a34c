"""A Modbus bus on a bare pty, with slaves that do what a test says, for better and for worse.

It has one thread. With a `baud` it paces its bytes as a line does, 11 bits each and 3.5 characters of
silence between frames, takes as long for a question to arrive, and counts how long the line was busy. Its
frames and its CRC share no code with the drivers.
"""

import heapq
import itertools
import os
import pty
import select
import struct
import threading
import time
import tty
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

BITS = 11


def crc(data: bytes) -> bytes:
    """Bit by bit, as the specification's appendix B has it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def framed(body: bytes) -> bytes:
    """With its CRC."""
    return body + crc(body)


@dataclass
class FakeSlave:
    """`registers` by address, for every function. The rest is what is wrong with it: it is `silent`, answers
    only after `delay_s`, `copies` times, `copy_after_s` apart, with exception `refuses`, or what `spoil`
    makes of its answer. `missing` addresses are answered with exception 2."""

    registers: dict[int, int]
    silent: bool = False
    delay_s: float = 0.0
    copies: int = 1
    copy_after_s: float = 0.0
    refuses: int = 0
    missing: frozenset[int] = frozenset()
    spoil: Callable[[bytes], bytes] = field(default=lambda answer: answer)

    def answer(self, slave: int, function: int, address: int, quantity: int) -> bytes:
        """The frame of an answer."""
        asked = range(address, address + quantity)
        code = self.refuses or (2 if self.missing & set(asked) else 0)
        if code:
            return self.spoil(framed(bytes((slave, function | 0x80, code))))
        words = [self.registers.get(each, 0) for each in asked]
        body = bytes((slave, function, 2 * quantity)) + struct.pack(f">{quantity}H", *words)
        return self.spoil(framed(body))


class Asked(NamedTuple):
    """A question as it came: when, and how long nothing had been on the line before."""

    at: float
    silence_s: float
    slave: int
    function: int
    address: int
    quantity: int


class FakeBus:
    """Plugged in at `link`, a symlink to its pty. `slaves` may change at any time."""

    def __init__(self, link: Path, slaves: Mapping[int, FakeSlave], *, baud: int = 0) -> None:
        self.link = link
        self.slaves = dict(slaves)
        self.asked: list[Asked] = []
        self.junk = b""
        """What came and was no question."""
        self.busy_s = 0.0
        self.babble = b""
        """Written again and again, without end, while it is not empty."""
        self.as_libmodbus = False
        """A slave takes what comes after a question to another for that one's answer."""
        self._byte_s = BITS / baud if baud else 0.0
        self._gap_s = 3.5 * self._byte_s
        self._busy_until = 0.0
        self._outbox: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()
        self._heard = b""
        self._unanswered = False
        self._master = self._guard = -1
        self._thread: threading.Thread | None = None
        self._wake_reader, self._wake_writer = os.pipe()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

    @property
    def device(self) -> str:
        """The pty's name."""
        return os.ttyname(self._guard)

    def plug(self) -> None:
        """Make the port."""
        self._master, self._guard = pty.openpty()
        tty.setraw(self._guard)
        os.set_blocking(self._master, False)
        self._outbox.clear()
        self._heard = b""
        self.link.symlink_to(self.device)
        self._thread = threading.Thread(target=self._serve, name="fake-bus", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self.link.unlink()
        os.write(self._wake_writer, b"x")
        thread.join()
        os.close(self._master)
        os.close(self._guard)

    def say(self, data: bytes) -> None:
        """Put bytes on the line that nobody asked for."""
        self._write(data)

    def _write(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return  # nobody reads it, as on a line that nobody listens to

    def _serve(self) -> None:
        while True:
            now = time.monotonic()
            while self._outbox and self._outbox[0][0] <= now:
                self._write(heapq.heappop(self._outbox)[2])
            if self.babble:
                self._write(self.babble)
            wait = self._outbox[0][0] - now if self._outbox else 1.0
            if self.babble:
                wait = min(wait, max(0.0005, len(self.babble) * self._byte_s))
            ready = select.select([self._master, self._wake_reader], [], [], max(0.0, wait))[0]
            if self._wake_reader in ready:
                os.read(self._wake_reader, 1)
                return
            if self._master in ready:
                self._take(os.read(self._master, 4096))

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        self._heard += data
        while len(self._heard) >= 8:
            frame = self._heard[:8]
            slave, function, address, quantity = struct.unpack(">BBHH", frame[:6])
            if crc(frame[:6]) != frame[6:] or function not in (3, 4):
                self.junk += self._heard[:1]
                self._heard = self._heard[1:]
                continue
            self._heard = self._heard[8:]
            self.asked.append(Asked(now, now - self._busy_until, slave, function, address, quantity))
            self._answer(now, slave, function, address, quantity)

    def _answer(self, now: float, number: int, function: int, address: int, quantity: int) -> None:
        # A slave that hears no silence takes the question for more of the frame before: here it waits.
        arrived = max(now, self._busy_until + self._gap_s) + 8 * self._byte_s
        self.busy_s += 8 * self._byte_s
        self._busy_until = max(self._busy_until, arrived)
        slave = self.slaves.get(number)
        lost, self._unanswered = self.as_libmodbus and self._unanswered, slave is None or slave.silent
        if slave is None or slave.silent or lost:
            return
        for copy in range(slave.copies):
            frame = slave.answer(number, function, address, quantity)
            begin = arrived + self._gap_s + slave.delay_s + copy * slave.copy_after_s
            if self._byte_s:
                begin = max(begin, self._busy_until)
            self._send(begin, frame)

    def _send(self, begin: float, frame: bytes) -> None:
        end = begin + len(frame) * self._byte_s
        pieces = [frame] if not self._byte_s else [frame[at : at + 1] for at in range(len(frame))]
        for place, piece in enumerate(pieces, 1):
            due = begin + place * self._byte_s
            heapq.heappush(self._outbox, (due, next(self._order), piece))
        self.busy_s += end - begin
        self._busy_until = max(self._busy_until, end)
