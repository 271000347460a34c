"""What a board says of its kept readings, and when: `again`, `K`, `B`, `G` (docs/protocol.md, section 7)."""

from collections import OrderedDict

from firmware_sim.commands import take
from firmware_sim.line import MAX_BODY, number
from firmware_sim.pace import byte_ns
from firmware_sim.sensorline.parts import NS_PER_MS
from firmware_sim.sensorline.requests import NEVER
from firmware_sim.sensorline.ring import Kept, Ring

MAX_KEPT = 65_535
"""As the hello can say it."""
USUAL_BAUD = 115_200
"""Of a line that has no pace of its own: a kept reading each 4 ms."""
_AROUND = 11
"""Bytes of a line beside its body: "$", "*", 8 of checksum, LF."""
_ANSWER = len("A 65535 ")
_GAP = 0
"""In the place of a sequence number, which begins at 1: what is lost of the boot."""


class Keeping:
    """The ring, and which of it is to be sent again: the next when the one before is on the line, so that a
    reading that falls due and an answer never wait for more than one."""

    def __init__(self, size: int, baud: int) -> None:
        self.ring = Ring(size)
        self._free_ns = 0  # when the line is free of the one before
        self._byte_ns = byte_ns(baud or USUAL_BAUD)
        self._waiting: OrderedDict[tuple[int, int], None] = OrderedDict()  # boot and seq, each once

    @property
    def due_ns(self) -> int:
        """When the next may go out; NEVER: none waits."""
        return self._free_ns if self._waiting else NEVER

    def skip_late(self, earliest_ns: int) -> None:
        """What could have gone out before goes out now."""
        self._free_ns = max(self._free_ns, earliest_ns)

    def begin(self, boot: int) -> None:
        """The board starts: nobody has asked it yet."""
        self._waiting.clear()
        self.ring.begin(boot)

    def again(self, boot: int, now_ns: int) -> str:
        """What an answer to `again` says; all of it is sent from now on."""
        self._waiting.clear()
        for each in self.ring.boots:
            past = self.ring.past(each)
            assert past is not None
            self._want(each, past.lost_from, past.newest, now_ns)
        return self._listed(sorted(self.ring.boots, key=lambda each: each != boot))

    def _listed(self, boots: list[int]) -> str:
        """As many as a line has room for."""
        said = ""
        for boot in boots:
            past = self.ring.past(boot)
            assert past is not None
            more = f"{said} {boot} {past.first} {past.newest}".lstrip()
            if _ANSWER + len(more) > MAX_BODY:
                break
            said = more
        return said

    def take(self, fields: list[str], now_ns: int) -> bool:
        """A `K`: forget what is safe, send again what did not come. False: it is not as it must be."""
        numbers = [number(text) for text in fields[:2]]
        ranges = [_range(text) for text in fields[2:]]
        if len(numbers) < 2 or None in numbers or None in ranges:
            return False
        boot, seq = (each for each in numbers if each is not None)
        self.ring.acknowledge(boot, seq)
        for each in ranges:
            if each is not None:
                self._want(boot, *each, now_ns)
        return True

    def _want(self, boot: int, low: int, high: int, now_ns: int) -> None:
        past = self.ring.past(boot)
        if past is None:
            return
        if not self._waiting:
            self._free_ns = max(self._free_ns, now_ns)
        if past.lost_to and low <= past.lost_to and high >= past.lost_from:
            self._waiting[boot, _GAP] = None
        for seq in range(max(low, past.first), min(high, past.newest) + 1):
            self._waiting[boot, seq] = None

    def next_body(self, boot: int) -> str | None:
        """The next line, which goes out at `due_ns`; None if it has become needless, or there is none."""
        if not self._waiting:
            return None
        (of, seq), _ = self._waiting.popitem(last=False)
        body = self._gap(of) if seq == _GAP else self._kept(self.ring.find(of, seq), boot)
        if body is not None:
            self._free_ns += (len(body) + _AROUND) * self._byte_ns
        return body

    def _kept(self, reading: Kept | None, boot: int) -> str | None:
        if reading is None:
            return None
        body = f"B {reading.boot} {reading.channel} {reading.seq} {reading.time} {reading.value}"
        age = "" if reading.boot == boot else f" {(self._free_ns - reading.measured_ns) // NS_PER_MS}"
        return body + age

    def _gap(self, boot: int) -> str | None:
        past = self.ring.past(boot)
        if past is None or not past.lost_to:
            return None
        counts = "".join(f" {name} {count}" for name, count in past.by_channel.items())
        return f"G {boot} {past.lost_from} {past.lost_to}{counts}"


def so_many(arguments: list[str]) -> int:
    """How many readings to keep, of a command's arguments; ValueError if they do not say so."""
    (text,) = take(arguments, 1)
    size = number(text)
    if size is None or size > MAX_KEPT:
        raise ValueError(f"a number of readings from 0 to {MAX_KEPT}; got {text!r}")
    return size


def _range(text: str) -> tuple[int, int] | None:
    low, dash, high = text.partition("-")
    first, last = number(low), number(high if dash else low)
    return None if first is None or last is None or first > last else (first, last)
