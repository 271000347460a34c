"""A bus: an open port, and one question at a time on it, with the silence that the norm wants between."""

import math
import threading
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from drivers.clock import Clock
from drivers.errors import DriverError, LinkLostError
from drivers.modbus.pdu import Answer, Query
from drivers.modbus.rtu import MAX_FRAME
from drivers.modbus.timing import Timing
from drivers.modbus.wire import Damaged, Frame, NotModbusError, Wire
from drivers.stream.transport import Transport

# Bytes without a pause for so long, or for twice as long as the longest frame takes: nobody may talk so long.
_JAM_S = 1.0
_JAM_FRAMES = 2
# While the rest of an answer is on the wire the reader sleeps, not to be woken by each byte: up to so much of
# the time that takes (8N1 has ten bits, not eleven), and not for long, as an exception is shorter.
_AHEAD = 0.9
_NAP_S = 0.005
# More bytes than any answer has, for more than so much of the time that one is waited for, jam it too.
_JAM_PART = 0.5
# How long the reader rests while bytes come that nobody asked for.
_REST_S = 0.005


class JammedError(DriverError):
    """Somebody talks without end: a question is not heard, or its answer is not."""


class Silent(NamedTuple):
    """No answer came in time, but so many bytes of something else."""

    noise: int


Outcome = Answer | Damaged | Silent


class Bus:
    """For the link's thread, but for `wake`. It owns the transport, and closes it.

    `stray` is told of each undamaged answer that nobody waits for.
    """

    def __init__(
        self,
        transport: Transport,
        wire: Wire,
        timing: Timing,
        clock: Clock,
        stray: Callable[[Frame, float], None],
    ) -> None:
        self.timing = timing
        self.counters: Counter[str] = Counter()
        self.busy_s = 0.0
        """How long questions and answers, and the silence before them, have taken the bus."""
        self._transport = transport
        self._wire = wire
        self._clock = clock
        self._stray = stray
        self._heard_at = clock.monotonic()
        self._closing = threading.Lock()  # nobody may wake a transport that is closed, or being closed
        self._closed = False

    def ask(self, query: Query, stopping: threading.Event) -> Outcome:
        """Ask, and wait for the answer, at most as long as the timing says.

        Raises `JammedError` when there is no silence to ask in, or none to answer in; `LinkLostError` when
        the port is gone.
        """
        started = self._clock.monotonic()
        try:
            self._quieten(stopping)
            return self._exchange(query, stopping)
        except NotModbusError as error:
            raise LinkLostError(str(error)) from error
        finally:
            self.busy_s += self._clock.monotonic() - started

    def listen(self, timeout_s: float) -> None:
        """Take what comes though nobody asked, for so long, or until woken. Raises `LinkLostError`."""
        data = self._transport.read(max(0.0, timeout_s))
        if data:
            self._take_unasked(data)

    def wake(self) -> None:
        """Have `listen` return soon, and `ask` look at its `stopping`. From any thread."""
        with self._closing:
            if not self._closed:
                self._transport.wake()

    def close(self) -> None:
        """Close the port; nothing happens if it is closed."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self._transport.close()

    def _quieten(self, stopping: threading.Event) -> None:
        """Wait for the silence between two frames, and leave out what comes until then."""
        longest = max(_JAM_S, _JAM_FRAMES * MAX_FRAME * self.timing.byte_s)
        give_up = self._clock.monotonic() + longest
        while True:
            wait = self._heard_at + self.timing.gap_s - self._clock.monotonic()
            # Whole milliseconds: a read rounds up to them, and 4.01 would be 5.
            data = self._transport.read(math.floor(max(0.0, wait) * 1000) / 1000)
            if data:
                self._take_unasked(data)
                if self._heard_at >= give_up:
                    raise JammedError(f"the bus is jammed: bytes come without a pause, {longest:g} s by now")
                stopping.wait(_REST_S)
            elif wait <= 0 or stopping.is_set():
                return
            elif (rest := self._heard_at + self.timing.gap_s - self._clock.monotonic()) > 0:
                stopping.wait(rest)

    def _exchange(self, query: Query, stopping: threading.Event) -> Outcome:
        wire = self._wire
        self._transport.write(wire.ask(query))
        wait_s = self.timing.wait_s(wire.request_bytes, wire.answer_bytes(query))
        deadline = self._clock.monotonic() + wait_s
        outcome: Outcome | None = None
        missing = wire.answer_bytes(query)
        while outcome is None and (left := deadline - self._clock.monotonic()) > 0 and not stopping.is_set():
            data = self._transport.read(left)
            if data:
                self._heard_at = self._clock.monotonic()
                outcome = wire.receive(data)
                missing -= len(data)
                if outcome is None and (nap := min(_AHEAD * missing * self.timing.byte_s, left, _NAP_S)) > 0:
                    stopping.wait(nap)
        if outcome is None:
            wire.give_up()
        self.counters["noise"] += wire.noise
        self.counters["echoes"] = wire.echoes
        self._tell_strays()
        if outcome is not None:
            return outcome
        if wire.noise > MAX_FRAME and wire.noise * self.timing.byte_s > _JAM_PART * wait_s:
            raise JammedError(f"the bus is jammed: {wire.noise} bytes came in the place of an answer")
        return Silent(wire.noise)

    def _take_unasked(self, data: bytes) -> None:
        self._heard_at = self._clock.monotonic()
        try:
            self._wire.receive(data)
        except NotModbusError as error:
            raise LinkLostError(str(error)) from error
        self.counters["unasked_bytes"] += len(data)
        self._tell_strays()

    def _tell_strays(self) -> None:
        for frame in self._wire.strays():
            self._stray(frame, self._heard_at)
