"""The sensorline board: a clock and requests in, lines out (docs/protocol.md, sections 3 and 4). No I/O.

It is a queue of things to do, each with a time: a channel's next reading, a request's answer, a kept
reading that is to be sent again, which lets the others go before. `run` does,
in order of time, all that is due and returns the lines. A reading is *measured* at its due time, however
late the caller comes; a caller who comes late gets several lines at once.

Times are nanoseconds of the caller's clock; what goes on the line is milliseconds since the board's start.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from firmware_sim.board import Board
from firmware_sim.channels import CHANNELS, NAMES
from firmware_sim.line import MAX_WORD, LineReader, encode, number
from firmware_sim.sensorline.hello import hello
from firmware_sim.sensorline.keeping import Keeping, so_many
from firmware_sim.sensorline.parts import LAST_WORDS, MAX_INTERVAL_MS, NS_PER_MS, Counters, Identity, Pace
from firmware_sim.sensorline.requests import MAX_ID, MAX_REQUESTS, NEVER, Request, Requests
from firmware_sim.sensorline.ring import Kept
from firmware_sim.sensors import Sensors

MAX_BOOT = 2**32 - 1
MAX_BATCH = 1024
"""Lines in one run, so that a caller far behind still serves its port: 1024 x 160 bytes, 160 kB at most."""
MAX_LATE_NS = 250 * NS_PER_MS
"""A reading later than that is measured now instead, and those before it are skipped: the program was
stopped, or the machine is too slow for the speed. At 50,000 readings a second: 12,500 readings, 12 runs."""


class SensorlineBoard(Board):
    """See `Board`. `boot` is the number of the first start, `kept` how many readings it keeps, `baud` the
    line's speed, which what is sent again keeps to."""

    def __init__(self, sensors: Sensors, identity: Identity, boot: int, kept: int = 0, baud: int = 0) -> None:
        self._sensors = sensors
        self._identity = identity
        self._next_boot = boot
        self._start_ns = 0
        self._paces: dict[str, Pace] = {}
        self._requests = Requests()
        self._out: list[bytes] = []
        self._reader = LineReader()
        self._counters = Counters()
        self._keeping = Keeping(kept, baud)
        self.commands = {"kept": ("kept N", self._keep_so_many)}
        self.boot = 0
        self.seq = 0

    def start(self, now_ns: int) -> None:
        """See `Board`: the boot number is another; a hello, then first readings."""
        self.boot = self._next_boot
        self._next_boot = self.boot % MAX_BOOT + 1
        self._counters.boots += 1
        self.seq = 0
        self._start_ns = now_ns
        self._paces = {c.name: Pace(c, self._sensors.step_ns, now_ns) for c in CHANNELS}
        self._requests.clear()
        self._reader.clear()
        self._out = []
        self._keeping.begin(self.boot)
        self._hello(now_ns, 0)

    def power_lost(self) -> None:
        """See `Board`."""
        self._keeping.ring.clear()

    def pace_changed(self, now_ns: int) -> None:
        """See `Board`: report at the recording's steps again, and say so with a hello, which no line from
        before may follow."""
        for pace in self._paces.values():
            if not pace.asked:
                pace.interval_ns = self._sensors.step_ns
                pace.due_ns = min(pace.due_ns, now_ns + pace.interval_ns)
        self._hello(now_ns, 0)

    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:
        """See `Board`; requests are carried out in the order of arrival."""
        damaged = self._reader.damaged
        for body in self._reader.feed(data):
            self._take(now_ns, body, delay_ns())
        self._counters.requests_damaged += self._reader.damaged - damaged

    def _take(self, now_ns: int, body: str, delay_ns: int) -> None:
        letter, *fields = body.split(" ")
        if letter == "K" and self._keeping.ring.size:
            self._counters.requests_unusable += not self._keeping.take(fields, now_ns)
            return
        if letter != "Q":
            self._counters.messages_unknown += 1
            return
        request_id = number(fields[0]) if fields else None
        if request_id is None or not 1 <= request_id <= MAX_ID:
            self._counters.requests_unusable += 1
            return
        due = now_ns + delay_ns
        verb, *arguments = fields[1:] or [""]
        if verb == "read":
            # Measuring takes the board to its next millisecond: so the reading's time lies after the arrival
            due = self._start_ns + ((due - self._start_ns) // NS_PER_MS + 1) * NS_PER_MS
        if not self._requests.put(due, request_id, verb, arguments):
            self._error(request_id, "busy", f"{MAX_REQUESTS} requests are waiting")

    def next_due_ns(self) -> int | None:
        """See `Board`."""
        if self._out:
            return self._start_ns
        dues = [pace.due_ns for pace in self._paces.values() if pace.interval_ns]
        due = min(*dues, self._requests.due_ns, self._keeping.due_ns)
        return None if due == NEVER else due

    def run(self, now_ns: int) -> list[bytes]:
        """See `Board`."""
        self._skip_late(now_ns)
        paces = [pace for pace in self._paces.values() if pace.interval_ns]
        while len(self._out) < MAX_BATCH:
            pace = min(paces, key=_due, default=None)
            due = NEVER if pace is None else pace.due_ns
            asked, again = self._requests.due_ns, self._keeping.due_ns
            if min(due, asked, again) > now_ns:
                break
            if again < min(due, asked):
                self._send_again()
            elif asked < due:
                self._carry_out(self._requests.pop())
                paces = [pace for pace in self._paces.values() if pace.interval_ns]
            elif pace is not None:
                self._report(pace)
        lines, self._out = self._out, []
        return lines

    def interrupted(self) -> bytes:
        """See `Board`."""
        return LAST_WORDS

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        ring = self._keeping.ring
        return {"boot": self.boot, "seq": self.seq, "kept": len(ring), "room": ring.size}

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return asdict(self._counters)

    def _skip_late(self, now_ns: int) -> None:
        for pace in self._paces.values():
            if pace.interval_ns and pace.due_ns < now_ns - MAX_LATE_NS:
                self._counters.readings_skipped += (now_ns - pace.due_ns) // pace.interval_ns
                pace.due_ns = now_ns
        self._keeping.skip_late(now_ns - MAX_LATE_NS)

    def _report(self, pace: Pace) -> None:
        value = self._sensors.measure(pace.channel.name, pace.due_ns)
        if value is not None:
            self._say(f"R {self._took(pace.channel.name, pace.due_ns, value)}")
        pace.due_ns += pace.interval_ns

    def _took(self, channel: str, now_ns: int, value: str) -> str:
        """A reading, as it goes on the line behind its letter; it is kept."""
        self.seq += 1
        self._counters.readings += 1
        reading = Kept(self.boot, channel, self.seq, self._ms(now_ns), value, now_ns)
        self._keeping.ring.keep(reading)
        return f"{channel} {reading.seq} {reading.time} {value}"

    def _send_again(self) -> None:
        body = self._keeping.next_body(self.boot)
        if body is not None:
            self._counters.sent_again += body[0] == "B"
            self._say(body)

    def _keep_so_many(self, arguments: list[str], now_ns: int) -> str:
        size = so_many(arguments)
        self._keeping.ring.resize(size)
        self._hello(now_ns, 0)
        return f"{size} readings are kept"

    def _carry_out(self, request: Request) -> None:
        self._counters.requests += 1
        match request.verb, request.arguments:
            case "hello", _:
                self._hello(request.due_ns, request.id)
            case "ping", _:
                newest = f" {self.seq}" if self._keeping.ring.size else ""
                self._say(f"A {request.id} {self.boot} {self._ms(request.due_ns)}{newest}")
            case "again", _ if self._keeping.ring.size:
                self._say(f"A {request.id} {self._keeping.again(self.boot, request.due_ns)}")
            case "read", (name, *_):
                self._read(request, name)
            case "interval", (name, ms, *_):
                self._set_interval(request, name, ms)
            case "read", _:
                self._error(request.id, "bad_argument", "read: expected a channel")
            case "interval", _:
                self._error(request.id, "bad_argument", "interval: expected a channel and milliseconds")
            case "", _:
                self._error(request.id, "bad_argument", "expected a verb")
            case verb, _:
                self._error(request.id, "unknown_verb", f"no verb {verb[:MAX_WORD]}")

    def _read(self, request: Request, name: str) -> None:
        if name not in NAMES:
            self._error(request.id, "unknown_channel", f"no channel {name[:MAX_WORD]}")
            return
        value = self._sensors.measure(name, request.due_ns)
        if value is None or value.startswith("!"):
            self._error(request.id, "sensor_fault", value[1:] if value else "absent")
            return
        self._say(f"A {request.id} {self._took(name, request.due_ns, value)}")

    def _set_interval(self, request: Request, name: str, text: str) -> None:
        if name not in NAMES:
            self._error(request.id, "unknown_channel", f"no channel {name[:MAX_WORD]}")
            return
        if (ms := number(text)) is None:
            self._error(request.id, "bad_argument", f"interval: expected milliseconds, got {text[:MAX_WORD]}")
            return
        pace = self._paces[name]
        pace.asked = True
        pace.interval_ns = min(ms, MAX_INTERVAL_MS) * NS_PER_MS
        pace.due_ns = request.due_ns + pace.interval_ns
        self._say(f"A {request.id} {name} {pace.interval_ms}")

    def _hello(self, now_ns: int, request_id: int) -> None:
        kept = self._keeping.ring.size
        paces = self._paces.values()
        for body in hello(request_id, self._identity, self.boot, self._ms(now_ns), kept, paces):
            self._say(body)

    def _error(self, request_id: int, code: str, text: str) -> None:
        self._say(f"E {request_id} {code} {text}")

    def _say(self, body: str) -> None:
        self._out.append(encode(body))

    def _ms(self, now_ns: int) -> int:
        return (now_ns - self._start_ns) // NS_PER_MS


def _due(pace: Pace) -> int:
    return pace.due_ns
