"""A stream's session without a port: the wire, a board on it, and the keeper."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from drivers.dispatcher import Dispatcher
from drivers.errors import LinkLostError
from drivers.notes import ForgetfulNotes
from drivers.source import Device, Down, Measurement, Missing, Up
from drivers.stream import conversation
from drivers.stream.loan import Loan
from drivers.stream.sensorline import Conversation
from drivers.stream.session import StreamSession
from firmware_sim.line import decode, encode
from tests.support.fake_clock import FakeClock
from tests.support.waiting import DEADLINE_S

HELLO = ["H {id} 1 m 24A1 {boot} f 1 {time}", "C {id} 0 temp temperature C 0.01 -40 85 {interval}"]
# On the test's clock: a board that answers pings would be kept for ever.
LONGEST_S = 2000.0
Answer = Callable[[list[str]], list[str] | None]


class Wire:
    """Stands for a transport: what is written is answered by `answer`, and comes back with the next read.

    A read with nothing to come lets the clock go on by its time-out, as a real one would; a `patient` one
    waits for real, for bytes or a wake, and the clock stands still.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.answer: Answer = self.healthy
        self.boot = 7
        self.interval = 1000
        self.seq = 0
        self.time_ms = 0  # the newest that it said
        self.written: list[list[str]] = []
        self.sent_at: list[float] = []
        self.incoming: deque[bytes] = deque()
        self.broken: str | None = None
        self.closed = False
        self.busy = False
        self.patient = False
        self.descriptor = 0
        self.woken = threading.Event()

    def healthy(self, fields: list[str]) -> list[str] | None:
        """What a board says."""
        request_id, verb, *arguments = fields
        if verb == "hello":
            words = {"id": request_id, "boot": self.boot, "interval": self.interval, "time": self.time_ms}
            return [body.format(**words) for body in HELLO]
        if verb == "ping":
            self.time_ms = max(self.time_ms, 5)
            return [f"A {request_id} {self.boot} 5"]
        if verb == "interval":
            self.interval = int(arguments[1])
            return [f"A {request_id} {' '.join(arguments)}"]
        self.seq += 1
        self.time_ms = max(self.time_ms, self.seq)
        return [f"A {request_id} temp {self.seq} {self.seq} 21.5"]

    def verbs(self) -> list[str]:
        """The verbs of all requests so far."""
        return [fields[1] for fields in self.written]

    def read(self, timeout_s: float) -> bytes:
        """See `Transport`."""
        if self.patient and not self.incoming and not self.broken:
            self.woken.wait(DEADLINE_S)
            self.woken.clear()
        if self.broken:
            raise LinkLostError(self.broken)
        if self.incoming:
            return self.incoming.popleft()
        if not self.patient:
            self.clock.advance(timeout_s)
        if self.clock.monotonic() > LONGEST_S:
            raise LinkLostError("the test has lasted long enough")
        return b""

    def read_ready(self) -> bytes:
        """See `Transport`."""
        return self.read(0.0)

    def write(self, data: bytes) -> None:
        """See `Transport`."""
        assert not self.closed
        if self.broken:
            raise LinkLostError(self.broken)
        body = decode(data[:-1])
        assert body is not None
        fields = body.split(" ")[1:]
        self.written.append(fields)
        self.sent_at.append(self.clock.monotonic() - 1000.0)
        for line in self.answer(fields) or []:
            self.incoming.append(encode(line))

    def write_at_once(self, data: bytes) -> bool:
        """See `Transport`."""
        if self.busy or self.broken or not self.patient:
            return False
        self.write(data)
        self.woken.set()  # bytes have come
        return True

    def wake(self) -> None:
        """See `Transport`."""
        assert not self.closed
        self.woken.set()

    def close(self, _reason: str = "") -> None:
        """See `Transport`."""
        assert not self.closed
        self.closed = True


class Borrower(Dispatcher):
    """A dispatcher that is offered the reading; nothing is ever run by it."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.offered: list[float] = []
        self.takes: Callable[[Loan], bool] = lambda _: False
        self.now = clock.monotonic

    def borrow(self, loan: Any) -> bool:
        """The link offers its reading."""
        self.offered.append(self.now())
        loan.begin(self)
        return self.takes(loan)

    def register(self, loan: Loan) -> None:
        """See `Taker`: a test reads by hand."""

    def unregister(self, loan: Loan) -> None:
        """See `Taker`."""


class Talk:
    """A session on a wire, whose keeper this is; and what it told."""

    name = "board"

    def __init__(
        self,
        *,
        patience_s: float = 60.0,
        intervals: dict[str, int | None] | None = None,
        speaks: conversation.Conversation | None = None,
        device_of: Callable[[str], str] = lambda _channel: "",
    ) -> None:
        self.clock = FakeClock()
        self.dispatcher = self.borrower = Borrower(self.clock)
        self.notes = ForgetfulNotes()
        self.wire = Wire(self.clock)
        self.heard: list[Measurement] = []
        self.told: list[Up | Down] = []
        self.troubles: list[tuple[float, str]] = []
        self.lost: list[Missing] = []
        self.pressures = 0
        self.intervals = intervals or {}
        self.replaced = False
        self.stopping = threading.Event()
        self.session = StreamSession(
            self,
            "/dev/test",
            self.wire,  # type: ignore[arg-type]  # has what a session uses of a transport
            speaks or Conversation(),
            patience_s=patience_s,
            replaced=lambda: self.replaced,
            device_of=device_of,
            lends=True,
        )

    def measured(self, measurement: Measurement) -> None:
        """See `Keeper`."""
        self.heard.append(measurement)

    def missing(self, missing: Missing) -> None:
        """See `Keeper`."""
        self.lost.append(missing)

    def pressed(self) -> None:
        """See `Keeper`."""
        self.pressures += 1

    def tell(self, event: Up | Down) -> None:
        """See `Keeper`."""
        self.told.append(event)

    def trouble(self, reason: str) -> None:
        """See `Keeper`."""
        self.troubles.append((self.clock.monotonic() - 1000.0, reason))

    def wanted(self) -> dict[str, int | None]:
        """See `Keeper`."""
        return self.intervals

    def greet(self) -> Device:
        """Until the board is known."""
        (device,) = self.session.greet(self.stopping)
        return device

    def run(self) -> str:
        """Until the link is lost; returns why."""
        with pytest.raises(LinkLostError) as caught:
            self.session.run(self.stopping)
        return str(caught.value)

    def boots(self) -> list[int]:
        """Those of the devices that were told of while the session ran."""
        return [event.device.boot for event in self.told if isinstance(event, Up)]

    def say(self, *bodies: str) -> None:
        """Lines from the board, with the next read."""
        self.wire.incoming.append(b"".join(map(encode, bodies)))

    def at_end_of_input(self, action: Callable[[], object]) -> None:
        """Have `action` called once, when the reader waits and nothing is there."""
        read = self.wire.read

        def once(timeout_s: float) -> bytes:
            if not self.wire.incoming:
                self.wire.read = read  # type: ignore[method-assign]
                action()
            return read(timeout_s)

        self.wire.read = once  # type: ignore[method-assign]
