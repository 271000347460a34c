"""A session: one opened bus, from the first question to the loss.

The link's thread asks, one question at a time: a live request if one waits, else the slave whose moment has
come. Other threads queue what they want (`drivers.live_requests`). Each slave is a device, that comes with
its first good answer and goes after `slave.GONE` questions without one; the session goes on as long as one
of them is there. A slave that does not answer is no failed port; a port that fails ends the session.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

import sig
from drivers.errors import LinkLostError, SilentError
from drivers.live_requests import LiveRequests
from drivers.modbus.blocks import Block
from drivers.modbus.bus import Bus, JammedError, Outcome, Silent
from drivers.modbus.pdu import Registers
from drivers.modbus.questions import Questions
from drivers.modbus.slave import Slave
from drivers.modbus.wire import Damaged, Frame
from drivers.request import Request
from drivers.source import Device, Keeper, Measurement

# How long the bus is listened to before the thread looks after a stop.
_LISTEN_S = 0.25
# How often it is said that nobody answers.
_SAY_S = 5.0
# How long a jammed bus is left before silence is looked for again.
_JAM_REST_S = 0.5


class ModbusSession:
    """See the module, and `drivers.source.Session`. It owns the bus, and closes it.

    `line`: where and how it asks, for messages: `/dev/ttyUSB0 at 9600 8N1`; `remedy`: what to try
    when nobody answers. `patience_s`: how long to ask on
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
        remedy: str,
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
        self._remedy = remedy
        self._patience_s = patience_s
        self._replaced = replaced
        self._live = LiveRequests(keeper.name, self._block)
        self._jam: str | None = None
        self._questions = Questions(keeper, slaves, bus)
        self._schedule = self._questions.schedule
        self._bus = self._questions.bus

    @property
    def counters(self) -> Mapping[str, int]:
        """See `drivers.source.Session`, and `Questions`."""
        return self._questions.counters

    @property
    def waiting(self) -> int:
        """See `drivers.source.Session`."""
        return self._live.waiting

    # The link's thread

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `drivers.source.Session`: until one slave answers; the others come when they do."""
        self._questions.begin()
        started = self._clock.monotonic()
        say_at = started + self._bus.timing.timeout_s
        while not (there := self._questions.there):
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
        return there

    def run(self, stopping: threading.Event) -> None:
        """See `drivers.source.Session`."""
        self._questions.release()
        while not stopping.is_set():
            self._turn(stopping)
            if self._jam is not None or not self._questions.there:
                reason = self._why()
                self._live.fail(reason)
                raise SilentError(reason)

    def _all_asked(self) -> bool:
        return all(slave.failures for slave in self._slaves.values())

    def _why(self) -> str:
        """Why nobody is there."""
        if self._jam is not None:
            return self._jam
        troubles = [f"{slave.label} {slave.trouble}" for slave in self._slaves.values()]
        more = f"; and {len(troubles) - 3} more" if len(troubles) > 3 else ""
        answering = any(slave.answers for slave in self._slaves.values())
        head = "no device gives values" if answering else "no device answers"
        remedy = "" if answering else f"; {self._remedy}"
        return f"{head} on {self._line}; {'; '.join(troubles[:3])}{more}{remedy}"

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
            self._questions.count("jammed")
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
            self._questions.ask(slave, block, stopping)
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
            outcome = self._questions.ask(slave, block, stopping, measured)
            if isinstance(outcome, Damaged):
                outcome = self._questions.ask(slave, block, stopping, measured)
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

    dropped = None
    """See `drivers.source.Session`: the counters tell the causes."""

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
