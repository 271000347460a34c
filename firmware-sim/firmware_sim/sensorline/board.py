"""The sensorline board: a clock and requests in, lines out (docs/protocol.md, sections 3 and 4). No I/O.

It is a queue of things to do, each with a time: a channel's next reading, a request's answer. `run` does,
in order of time, all that is due and returns the lines. A reading is *measured* at its due time, however
late the caller comes; a caller who comes late gets several lines at once.

Times are nanoseconds of the caller's clock; what goes on the line is milliseconds since the board's start.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from random import Random
from typing import Any

from firmware_sim.board import Board, MakeBoard
from firmware_sim.channels import CHANNELS, NAMES
from firmware_sim.line import MAX_WORD, LineReader, encode, number
from firmware_sim.sensorline.parts import NS_PER_MS, Counters, Identity, Pace, Request
from firmware_sim.sensors import Sensors

VERSION = 1
MAX_ID = 65535
MAX_BOOT = 2**32 - 1
MAX_INTERVAL_MS = 86_400_000
"""A day: what the board makes of a longer interval."""
MAX_BATCH = 1024
"""Lines in one run, so that a caller far behind still serves its port: 1024 x 160 bytes, 160 kB at most."""
MAX_LATE_NS = 250 * NS_PER_MS
"""A reading later than that is measured now instead, and those before it are skipped: the program was
stopped, or the machine is too slow for the speed. At 50,000 readings a second: 12,500 readings, 12 runs."""
MAX_REQUESTS = 8
"""Requests waiting. The gateway has one outstanding and repeats it when a slow board does not answer."""
LAST_WORDS = encode("D the supply voltage falls")
"""What it is saying when it restarts in the middle of a line."""


def sensorline_board(identity: Identity | None = None) -> MakeBoard:
    """What makes a board that is called so; which boot it starts with is a matter of the seed."""

    def make(sensors: Sensors, seed: str) -> Board:
        return SensorlineBoard(sensors, identity or Identity(), Random(f"{seed}/boot").randint(1, MAX_BOOT))

    return make


class SensorlineBoard(Board):
    """See `Board`. `boot` is the number of the first start."""

    def __init__(self, sensors: Sensors, identity: Identity, boot: int) -> None:
        self._sensors = sensors
        self._identity = identity
        self._next_boot = boot
        self._start_ns = 0
        self._paces: dict[str, Pace] = {}
        self._requests: deque[Request] = deque()
        self._out: list[bytes] = []
        self._reader = LineReader()
        self._counters = Counters()
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
        self._hello(now_ns, 0)

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
        if letter != "Q":
            self._counters.messages_unknown += 1
            return
        request_id = number(fields[0]) if fields else None
        if request_id is None or not 1 <= request_id <= MAX_ID:
            self._counters.requests_unusable += 1
            return
        if len(self._requests) == MAX_REQUESTS:
            self._error(request_id, "busy", f"{MAX_REQUESTS} requests are waiting")
            return
        verb = fields[1] if len(fields) > 1 else ""
        due = now_ns + delay_ns
        if verb == "read":
            # Measuring takes the board to its next millisecond: so the reading's time lies after the arrival
            due = self._start_ns + ((due - self._start_ns) // NS_PER_MS + 1) * NS_PER_MS
        if self._requests:
            due = max(due, self._requests[-1].due_ns)
        self._requests.append(Request(due, request_id, verb, tuple(fields[2:])))

    def next_due_ns(self) -> int | None:
        """See `Board`."""
        if self._out:
            return self._start_ns
        dues = [pace.due_ns for pace in self._paces.values() if pace.interval_ns]
        if self._requests:
            dues.append(self._requests[0].due_ns)
        return min(dues, default=None)

    def run(self, now_ns: int) -> list[bytes]:
        """See `Board`."""
        self._skip_late(now_ns)
        paces = [pace for pace in self._paces.values() if pace.interval_ns]
        while len(self._out) < MAX_BATCH:
            pace = min(paces, key=_due, default=None)
            if self._requests and (pace is None or self._requests[0].due_ns < pace.due_ns):
                if self._requests[0].due_ns > now_ns:
                    break
                self._carry_out(self._requests.popleft())
                paces = [pace for pace in self._paces.values() if pace.interval_ns]
            elif pace is not None and pace.due_ns <= now_ns:
                self._report(pace)
            else:
                break
        lines, self._out = self._out, []
        return lines

    def interrupted(self) -> bytes:
        """See `Board`."""
        return LAST_WORDS

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        return {"boot": self.boot, "seq": self.seq}

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return asdict(self._counters)

    def _skip_late(self, now_ns: int) -> None:
        for pace in self._paces.values():
            if pace.interval_ns and pace.due_ns < now_ns - MAX_LATE_NS:
                self._counters.readings_skipped += (now_ns - pace.due_ns) // pace.interval_ns
                pace.due_ns = now_ns

    def _report(self, pace: Pace) -> None:
        value = self._sensors.measure(pace.channel.name, pace.due_ns)
        if value is not None:
            self.seq += 1
            self._counters.readings += 1
            self._say(f"R {pace.channel.name} {self.seq} {self._ms(pace.due_ns)} {value}")
        pace.due_ns += pace.interval_ns

    def _carry_out(self, request: Request) -> None:
        self._counters.requests += 1
        match request.verb, request.arguments:
            case "hello", _:
                self._hello(request.due_ns, request.id)
            case "ping", _:
                self._say(f"A {request.id} {self.boot} {self._ms(request.due_ns)}")
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
        self.seq += 1
        self._counters.readings += 1
        self._say(f"A {request.id} {name} {self.seq} {self._ms(request.due_ns)} {value}")

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
        who = self._identity
        self._say(
            f"H {request_id} {VERSION} {who.model} {who.identity} {self.boot} {who.firmware} "
            f"{len(CHANNELS)} {self._ms(now_ns)}"
        )
        for index, pace in enumerate(self._paces.values()):
            c = pace.channel
            self._say(
                f"C {request_id} {index} {c.name} {c.kind} {c.unit} {c.resolution} "
                f"{c.minimum} {c.maximum} {pace.interval_ms}"
            )

    def _error(self, request_id: int, code: str, text: str) -> None:
        self._say(f"E {request_id} {code} {text}")

    def _say(self, body: str) -> None:
        self._out.append(encode(body))

    def _ms(self, now_ns: int) -> int:
        return (now_ns - self._start_ns) // NS_PER_MS


def _due(pace: Pace) -> int:
    return pace.due_ns
