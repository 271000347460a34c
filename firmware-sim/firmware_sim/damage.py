"""Faults on the line: a line in, what really goes out of the port, in steps.

Pure and seeded: the same lines in the same order come out with the same damage. Each kind of fault has its
own random numbers, so adding one to a specification does not move the others.
"""

from dataclasses import dataclass
from random import Random

from firmware_sim.chance import Chance
from firmware_sim.faults import FaultSpec, Noise

MAX_GARBAGE = 64
"""Bytes of a burst, at most; at least 1."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing goes out for `seconds`; then it goes on where it stopped."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """The board starts anew; what was to come is lost."""


@dataclass(frozen=True, slots=True)
class Unplug:
    """The port goes away, and comes back after `seconds`."""

    seconds: float


Step = bytes | Stall | Reset | Unplug


class ByteNoise:
    """Flipped bits, lost and repeated bytes, in one direction."""

    def __init__(self, noise: Noise, seed: str) -> None:
        self.quiet = not (noise.flip or noise.drop or noise.repeat)
        self._flip = Chance(Random(f"{seed}/flip"), noise.flip)
        self._drop = Chance(Random(f"{seed}/drop"), noise.drop)
        self._repeat = Chance(Random(f"{seed}/repeat"), noise.repeat)

    def damage(self, data: bytes) -> bytes:
        """What arrives of `data`; how it is cut into calls makes no difference."""
        if self.quiet:
            return data
        flipped = bytearray(data)
        for bit in self._flip.hits(8 * len(data)):
            flipped[bit >> 3] ^= 1 << (bit & 7)
        times = [1] * len(data)
        for index in self._repeat.hits(len(data)):
            times[index] = 2
        for index in self._drop.hits(len(data)):
            times[index] = 0
        return b"".join(bytes([byte]) * count for byte, count in zip(flipped, times, strict=True))


class Damager:
    """All faults of one specification that act on lines and bytes."""

    def __init__(self, spec: FaultSpec, seed: str) -> None:
        self.incoming = ByteNoise(spec.incoming, f"{seed}/in")
        self._noise = ByteNoise(spec.outgoing, f"{seed}/out")
        self._spec = spec
        self._garbage, self._merge, self._stall, self._reset, self._unplug = (
            Chance(Random(f"{seed}/{name}"), getattr(spec, name))
            for name in ("garbage", "merge", "stall", "reset", "unplug")
        )
        self._random = Random(f"{seed}/size")
        self._slow = Random(f"{seed}/slow")
        self.quiet = self._noise.quiet and not (
            spec.garbage or spec.merge or spec.stall or spec.reset or spec.unplug
        )
        """True when `line` changes nothing, so that a caller in a hurry need not ask."""

    def line(self, line: bytes) -> list[Step]:
        """What becomes of `line` (its LF included) or of a frame, in order; never an empty piece."""
        data = line.removesuffix(b"\n") if self._merge.hit() else line
        if self._garbage.hit():
            data = self._random.randbytes(self._random.randint(1, MAX_GARBAGE)) + data
        data = self._noise.damage(data)
        event: Step | None = None
        if self._stall.hit():
            event = Stall(self._spec.stall_s)
        if self._reset.hit():
            event = Reset()
        if self._unplug.hit():
            event = Unplug(self._spec.unplug_s)
        if event is None:
            return [data] if data else []
        cut = self._random.randint(0, len(data))
        after = data[cut:] if isinstance(event, Stall) else b""
        return [step for step in (data[:cut], event, after) if step]

    def answer_delay_s(self) -> float:
        """How long the board sits on the next request, in seconds."""
        return self._slow.uniform(*self._spec.slow_s)
