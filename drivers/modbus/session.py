"""A session: one opened bus, from the first question to the loss.

The link's thread asks, one question at a time: a live request if one waits, else the slave whose moment has
come. Other threads queue what they want (`drivers.live_requests`). Each slave is a device, that comes with
its first good answer and goes after `slave.GONE` questions without one; the session goes on as long as one
of them is there. A slave that does not answer is no failed port; a port that fails ends the session.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import sig
from drivers.errors import LinkLostError, SilentError
from drivers.live_requests import LiveRequests
from drivers.modbus.blocks import Block
from drivers.modbus.bus import Bus, JammedError, Outcome, Silent
from drivers.modbus.pdu import ILLEGAL, NOBODY, Refused, Registers
from drivers.modbus.slave import GONE, Slave
from drivers.modbus.wire import Damaged, Frame
from drivers.polling import Schedule
from drivers.source import Device, Down, Keeper, Measurement, Up
from drivers.stream.line import Request

# How long the bus is listened to before the thread looks after a stop.
_LISTEN_S = 0.25
# How often it is said that nobody answers.
_SAY_S = 5.0
# How long a jammed bus is left before silence is looked for again.
_JAM_REST_S = 0.5
# Causes are counted for the whole bus and, where it is known whose they are, for each device by its name.
_CAUSES = ("no_answer", "damaged", "refused", "late", "double", "unasked", "jammed")


class ModbusSession:
    """See the module, and `drivers.source.Session`. It owns the bus, and closes it.

    `line`: where and how it asks, for messages: `/dev/ttyUSB0 at 9600 8N1`. `patience_s`: how long to ask on
    before opening the port anew is worth a try. `replaced` tells whether the port is another one by now.
    """

    def __init__(
        self,
        keeper: Keeper,
        where: str,
        slaves: Mapping[str, Slave],
        bus: Callable[[Callable[[Frame, float], None]], Bus],
        *,
        line: str,
        patience_s: float,
        replaced: Callable[[], bool],
    ) -> None:
        self.where = where
        self._keeper = keeper
        self._name = keeper.name
        self._clock = keeper.clock
        self._slaves = slaves
        self._channels = {channel: slave for slave in slaves.values() for channel in slave.device.channels}
        self._line = line
        self._patience_s = patience_s
        self._replaced = replaced
        self._counters = Counter(dict.fromkeys(("requests", "answers", *_CAUSES), 0))
        self._opened = self._clock.monotonic()
        self._live = LiveRequests(keeper.name, self._block)
        self._schedule = Schedule[str]()
        for name, slave in slaves.items():
            self._schedule.add(name, slave.every_s, self._opened)
        self._greeting = True
        self._jam: str | None = None
        self._held: list[Measurement] = []  # of the greeting: nobody takes them before the device is known
        self._bus = bus(self._stray)

    @property
    def counters(self) -> Mapping[str, int]:
        """See `drivers.source.Session`. `bus_busy_ms` of `bus_open_ms` is the load."""
        opened_s = self._clock.monotonic() - self._opened
        load = {"bus_busy_ms": round(self._bus.busy_s * 1000), "bus_open_ms": round(opened_s * 1000)}
        return {**self._counters, **self._bus.counters, **load}

    @property
    def waiting(self) -> int:
        """See `drivers.source.Session`."""
        return self._live.waiting

    # The link's thread

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `drivers.source.Session`: until one slave answers; the others come when they do."""
        self._greeting = True
        for slave in self._slaves.values():
            slave.up = False
            self._schedule.hasten(slave.name)
        started = self._clock.monotonic()
        say_at = started + self._bus.timing.timeout_s
        while not (there := self._there()):
            now = self._clock.monotonic()
            if stopping.is_set():
                raise LinkLostError("closing")
            if self._replaced():
                raise LinkLostError("another port has taken this one's place")
            if now - started >= self._patience_s:
                raise LinkLostError(f"{self._why()}; opening the port anew")
            if now >= say_at and self._all_asked():
                say_at = now + _SAY_S
                self._keeper.trouble(self._why())
            self._live.fail(self._why())
            self._turn(stopping)
            if self._jam is not None:
                self._keeper.trouble(self._jam)
                stopping.wait(_JAM_REST_S)
        self._greeting = False
        return there

    def run(self, stopping: threading.Event) -> None:
        """See `drivers.source.Session`."""
        held, self._held = self._held, []
        for measurement in held:
            self._keeper.measured(measurement)
        while not stopping.is_set():
            self._turn(stopping)
            if self._jam is not None or not self._there():
                reason = self._why()
                self._live.fail(reason)
                raise SilentError(reason)

    def _there(self) -> list[Device]:
        return [slave.device for slave in self._slaves.values() if slave.up]

    def _all_asked(self) -> bool:
        return all(slave.failures for slave in self._slaves.values())

    def _why(self) -> str:
        """Why nobody is there."""
        if self._jam is not None:
            return self._jam
        troubles = [f"{slave.label} {slave.trouble}" for slave in self._slaves.values()]
        more = f"; and {len(troubles) - 3} more" if len(troubles) > 3 else ""
        return f"no device answers on {self._line}; {'; '.join(troubles[:3])}{more}"

    def _turn(self, stopping: threading.Event) -> None:
        """Whatever is next: a live request, a slave whose moment has come, or a wait for either."""
        now = self._clock.monotonic()
        try:
            requests = self._live.take(now, job_due=self._schedule.next_due <= now)
            if requests:
                self._answer(requests, stopping)
            elif (name := self._schedule.due(now)) is not None:
                self._poll(self._slaves[name], now, stopping)
            else:
                self._bus.listen(min(self._schedule.next_due - now, _LISTEN_S))
            self._jam = None
        except JammedError as error:
            self._counters["jammed"] += 1
            self._jam = f"{error}; unplug one device after the other to find which it is"
            self._live.fail(self._jam)

    def _poll(self, slave: Slave, now: float, stopping: threading.Event) -> None:
        block = slave.next_block()
        ready = slave.pending.ready_at(block.query)
        if ready > now:
            slave.want(next(iter(block.registers)))
            self._schedule.postpone(slave.name, ready)
            return
        try:
            self._ask(slave, block, stopping)
        except JammedError:
            self._schedule.postpone(slave.name, self._clock.monotonic())
            raise

    def _answer(self, requests: Sequence[Request], stopping: threading.Event) -> None:
        """Live requests for one block."""
        slave = self._channels[requests[0].args[0]]
        block = slave.block_of(requests[0].args[0])
        measured: dict[str, Measurement] = {}
        error = self._not_now(slave, block, stopping)
        if error is None:
            outcome = self._ask(slave, block, stopping, measured)
            if isinstance(outcome, Damaged):
                outcome = self._ask(slave, block, stopping, measured)
            error = self._error(slave, block, outcome)

        def result(request: Request) -> Measurement:
            found = measured.get(request.args[0])
            if found is None:
                raise error or sig.Busy(f"{self._name}: {slave.label} is asked anew; ask again")
            return found

        self._live.settle(result)

    def _not_now(self, slave: Slave, block: Block, stopping: threading.Event) -> sig.RequestError | None:
        """Wait until the slave can be asked, if that is soon; else why not."""
        longest_s = slave.pending.patience_s
        while (wait := slave.pending.ready_at(block.query) - self._clock.monotonic()) > 0:
            if not slave.up:
                break
            if wait > longest_s or stopping.is_set():
                return sig.Busy(
                    f"{self._name}: {slave.label} has left a question unanswered, and a late answer to that "
                    f"could not be told from one to this; ask again in {wait:.1f} s"
                )
            self._bus.listen(wait)
        return None if slave.up else sig.NotConnected(f"{self._name}: {slave.label} {slave.trouble}")

    def _error(self, slave: Slave, block: Block, outcome: Outcome) -> sig.RequestError | None:
        """What whoever asked for a live value gets in its place."""
        if isinstance(outcome, Registers):
            return None
        text = f"{self._name}: {slave.label} {slave.describe(outcome, block.query)}"
        if isinstance(outcome, Silent):
            return sig.RequestTimeout(text)
        return sig.BadReply(text) if isinstance(outcome, Damaged) else sig.RequestError(text)

    def _ask(
        self,
        slave: Slave,
        block: Block,
        stopping: threading.Event,
        measured: dict[str, Measurement] | None = None,
    ) -> Outcome:
        """One question, and all that follows from how it ends. `measured`: it is a live request's, and gets
        what was measured."""
        asked = self._clock.monotonic()
        self._counters["requests"] += 1
        outcome = self._bus.ask(block.query, stopping)
        now = self._clock.monotonic()
        if isinstance(outcome, Refused) and outcome.code in NOBODY:
            outcome = Silent(0)  # the gateway's word, not the slave's
        elif isinstance(outcome, Silent):
            slave.pending.timed_out(block.query, asked)
        if isinstance(outcome, Registers | Refused):
            slave.pending.answered(block.query, outcome, now)
        if isinstance(outcome, Registers):
            self._succeeded(slave, block, now)
        elif isinstance(outcome, Refused):
            self._refused(slave, block, outcome, now, now - asked)
        elif not stopping.is_set():
            self._failed(slave, block, outcome, now, now - asked)
        if isinstance(outcome, Registers) or (isinstance(outcome, Refused) and slave.up):
            for one in slave.measurements(block, outcome, now, None if measured is None else asked):
                self._measured(one)
                if measured is not None and isinstance(outcome, Registers):
                    measured[one.channel] = one
        return outcome

    def _measured(self, measurement: Measurement) -> None:
        if self._greeting:
            self._held.append(measurement)
        else:
            self._keeper.measured(measurement)

    def _succeeded(self, slave: Slave, block: Block, now: float) -> None:
        self._counters["answers"] += 1
        slave.failures = slave.damaged = 0
        self._schedule.succeeded(slave.name, now)
        if not slave.up:
            slave.up = True
            slave.want_all_but(block)
            if not self._greeting:
                self._keeper.tell(Up(slave.device))
        if slave.wants:
            self._schedule.hasten(slave.name)

    def _refused(self, slave: Slave, block: Block, refused: Refused, now: float, cost_s: float) -> None:
        """It is there, and does not have what it was asked for."""
        self._count("refused", slave)
        slave.trouble = slave.describe(refused, block.query)
        if refused.code in ILLEGAL and slave.split(block):
            self._schedule.add(slave.name, slave.every_s, now)
            self._schedule.hasten(slave.name)
        elif slave.up:
            slave.failures = 0
            self._schedule.succeeded(slave.name, now)
        else:
            slave.failures += 1
            self._schedule.failed(slave.name, now, cost_s)

    def _failed(self, slave: Slave, block: Block, outcome: Outcome, now: float, cost_s: float) -> None:
        self._count("no_answer" if isinstance(outcome, Silent) else "damaged", slave)
        slave.failures += 1
        slave.damaged += isinstance(outcome, Damaged)
        slave.trouble = slave.describe(outcome, block.query)
        self._schedule.failed(slave.name, now, cost_s)
        if slave.up and slave.failures >= GONE:
            slave.up = False
            if self._there():  # else the session says so
                self._keeper.tell(Down(slave.name, f"{slave.label} {slave.trouble}"))

    def _stray(self, frame: Frame, now: float) -> None:
        """An answer that nobody waits for; whose it is pays for it."""
        slave = next((slave for slave in self._slaves.values() if slave.id == frame.slave), None)
        cause = "unasked" if slave is None else slave.pending.stray(frame.pdu, now)
        self._count(cause, slave)
        if slave is not None:
            timing = self._bus.timing
            self._schedule.charge(slave.name, now, timing.gap_s + (len(frame.pdu) + 3) * timing.byte_s)

    def _count(self, cause: str, slave: Slave | None) -> None:
        self._counters[cause] += 1
        if slave is not None and slave.name:
            self._counters[f"{slave.name}/{cause}"] += 1

    def _block(self, request: Request) -> object:
        """Requests for one block are answered by one question."""
        channel = request.args[0]
        return self._channels[channel].block_of(channel).query

    # Any other thread

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """See `drivers.source.Session`."""
        if verb != "read":
            raise sig.BadParams(f"{self._name}: expected read, got {verb!r}")
        if len(args) != 1 or args[0] not in self._channels:
            known = ", ".join(list(self._channels)[:24])
            raise sig.BadParams(f"{self._name}: no channel {' '.join(args)!r}; there are: {known}")
        timeout_s = deadline - self._clock.monotonic()
        return self._live.exchange(Request(verb, args, unless=unless), timeout_s, self.wake)

    def refresh(self, channel: str) -> None:
        """See `drivers.source.Session`."""
        slave = self._channels.get(channel)
        if slave is not None:
            slave.want(channel)
            self._schedule.hasten(slave.name)
            self.wake()

    def dropped_since_reading(self, channel: str) -> int:
        """See `drivers.source.Session`."""
        slave = self._channels.get(channel)
        return 0 if slave is None else slave.damaged

    def wake(self) -> None:
        """See `drivers.source.Session`."""
        self._bus.wake()

    def end(self, reason: str) -> None:
        """See `drivers.source.Session`."""
        self._live.end(reason)
        self._bus.close()
