"""Questions to slaves, and all that follows from how each ends: measurements, devices that come and go, when
who is asked next, and what is counted.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping

from drivers.modbus.blocks import Block
from drivers.modbus.bus import Bus, JammedError, Outcome, Silent
from drivers.modbus.pdu import ILLEGAL, NOBODY, Query, Refused, Registers
from drivers.modbus.slave import GONE, Slave
from drivers.modbus.wire import Damaged, Frame
from drivers.polling import Schedule
from drivers.source import Device, Down, Keeper, Measurement, Up

# Causes are counted for the whole bus and, where it is known whose they are, for each device by its name.
_CAUSES = ("no_answer", "damaged", "refused", "late", "double", "unasked", "jammed")


class Questions:
    """For the link's thread, but for `counters`. `bus` makes the bus, of who is told of strays."""

    def __init__(
        self,
        keeper: Keeper,
        slaves: Mapping[str, Slave],
        bus: Callable[[Callable[[Frame, float], None]], Bus],
    ) -> None:
        self.schedule = Schedule[str]()
        self._keeper = keeper
        self._clock = keeper.clock
        self._slaves = slaves
        self._counters = Counter(dict.fromkeys(("requests", "answers", *_CAUSES), 0))
        self._opened = self._clock.monotonic()
        self._held: list[Measurement] | None = None
        self._unanswered: Slave | None = None  # whose was the last question, if that had no answer
        for name, slave in slaves.items():
            self.schedule.add(name, slave.every_s, self._opened)
        self.bus = bus(self._stray)

    @property
    def counters(self) -> dict[str, int]:
        """`bus_busy_ms` of `bus_open_ms` is the load. From any thread."""
        opened_s = self._clock.monotonic() - self._opened
        load = {"bus_busy_ms": round(self.bus.busy_s * 1000), "bus_open_ms": round(opened_s * 1000)}
        return {**self._counters, **self.bus.counters, **load}

    @property
    def there(self) -> list[Device]:
        """The devices that answer."""
        return [slave.device for slave in self._slaves.values() if slave.up]

    def begin(self) -> None:
        """Nobody is there, as far as the keeper knows: what is measured is held, who comes is not told."""
        self._held = []
        for slave in self._slaves.values():
            slave.up = slave.missed = False
            self.schedule.hasten(slave.name)

    def release(self) -> None:
        """The keeper knows who is there."""
        held, self._held = self._held or [], None
        for measurement in held:
            self._keeper.measured(measurement)

    def count(self, cause: str, slave: Slave | None = None) -> None:
        """One more."""
        self._counters[cause] += 1
        if slave is not None and slave.name:
            self._counters[f"{slave.name}/{cause}"] += 1

    def ask(
        self,
        slave: Slave,
        block: Block,
        stopping: threading.Event,
        measured: dict[str, Measurement] | None = None,
    ) -> Outcome:
        """One question. `measured`: it is a live request's, and gets what was measured, by channel.

        Raises `JammedError`, `LinkLostError`.
        """
        asked = self._clock.monotonic()
        try:
            outcome = self._asked(slave, block.query, stopping)
        except JammedError:
            slave.pending.timed_out(block.query, asked)  # if it was asked
            raise
        now = self._clock.monotonic()
        if isinstance(outcome, Silent):
            slave.pending.timed_out(block.query, asked)
        elif not isinstance(outcome, Damaged):
            slave.pending.answered(block.query, outcome, now)
        if isinstance(outcome, Refused) and outcome.code in NOBODY:
            outcome = Silent(0)  # the gateway's word for it, not the slave's
        if isinstance(outcome, Registers):
            self._succeeded(slave, block, now)
        elif isinstance(outcome, Refused):
            self._refused(slave, block, outcome, now, now - asked)
        elif not stopping.is_set():
            self._failed(slave, block, outcome, now, now - asked)
        if isinstance(outcome, Registers | Refused) and slave.up:
            for one in slave.measurements(block, outcome, now, None if measured is None else asked):
                self._measured(one)
                if measured is not None and isinstance(outcome, Registers):
                    measured[one.channel] = one
        return outcome

    def _asked(self, slave: Slave, query: Query, stopping: threading.Event) -> Outcome:
        """A slave on libmodbus that has heard a question to another takes what comes next for that one's
        answer (modbus-rtu.c, `confirmation_to_ignore`). Where none came, that is the next question: it is
        asked twice, and the other pays for it."""
        before, self._unanswered = self._unanswered, None
        started = self._clock.monotonic()
        self._counters["requests"] += 1
        outcome = self.bus.ask(query, stopping)
        if before is None or before is slave or not isinstance(outcome, Silent) or stopping.is_set():
            again = outcome
        else:
            lost_at = self._clock.monotonic()
            self._counters["requests"] += 1
            again = self.bus.ask(query, stopping)
            if not isinstance(again, Silent):
                self.schedule.charge(before.name, self._clock.monotonic(), lost_at - started)
        if isinstance(again, Silent):
            self._unanswered = slave
        return again

    def _measured(self, measurement: Measurement) -> None:
        if self._held is None:
            self._keeper.measured(measurement)
        else:
            self._held.append(measurement)

    def _succeeded(self, slave: Slave, block: Block, now: float) -> None:
        self._counters["answers"] += 1
        slave.failures = slave.damaged = 0
        self.schedule.succeeded(slave.name, now)
        if not slave.up:
            slave.up, slave.missed = True, False
            slave.want_all_but(block)
            if self._held is None:
                self._keeper.tell(Up(slave.device))
        if slave.wants:
            self.schedule.hasten(slave.name)

    def _refused(self, slave: Slave, block: Block, refused: Refused, now: float, cost_s: float) -> None:
        """It is there, and does not have what it was asked for."""
        self.count("refused", slave)
        slave.trouble = slave.describe(refused, block.query)
        if refused.code in ILLEGAL and slave.split(block):
            self.schedule.add(slave.name, slave.every_s, now)
            self.schedule.hasten(slave.name)
        elif slave.up:
            slave.failures = 0
            self.schedule.succeeded(slave.name, now)
        else:
            slave.failures += 1
            self.schedule.failed(slave.name, now, cost_s)

    def _failed(
        self, slave: Slave, block: Block, outcome: Silent | Damaged, now: float, cost_s: float
    ) -> None:
        self.count("no_answer" if isinstance(outcome, Silent) else "damaged", slave)
        slave.failures += 1
        slave.damaged += isinstance(outcome, Damaged)
        slave.trouble = slave.describe(outcome, block.query)
        self.schedule.failed(slave.name, now, cost_s)
        if slave.failures >= GONE:
            slave.up = False
            if self.there and not slave.missed:  # where nobody is there, the session says so
                slave.missed = True
                self._keeper.tell(Down(slave.name, f"{slave.label} {slave.trouble}"))

    def _stray(self, frame: Frame, now: float) -> None:
        """An answer that nobody waits for; whose it is pays for it."""
        slave = next((slave for slave in self._slaves.values() if slave.id == frame.slave), None)
        cause = "unasked" if slave is None else slave.pending.stray(frame.pdu, now)
        self.count(cause, slave)
        if slave is not None:
            timing = self.bus.timing
            self.schedule.charge(slave.name, now, timing.gap_s + (len(frame.pdu) + 3) * timing.byte_s)
