"""The clock of the whole house: UTC from the time since the boot, and how far to trust it.

Strategy: the machine's clock (wall) may be wrong, and be set at any moment; CLOCK_BOOTTIME goes on whatever
happens, also in a suspend. The kernel slews both alike, so their difference, the *offset*, changes only when
somebody sets the clock: that is a step. All times of the house are made of a moment (boottime) and the
offset that is believed:

    never believed yet       the wall's own, and what is told is marked
    believed                 the wall's
    not believed any more    the last that was believed, and what is told is marked

So once the clock is believed, all that was measured since the boot has its right time. A moment at which the
kernel called the clock synchronised keeps its time for good: a later step was not its affair (a virtual
machine that was paused, say).

A believed clock that steps while nobody keeps it (`synchronised`) is doubted for DOUBT_S: somebody may have
set it right, or something wrong; if it comes back it is believed again at once.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.clock.belief import Evidence, Verdict, judge
from gateway.clock.machine import Machine, ThisMachine
from gateway.clock.memory import Memory
from gateway.clock.words import Words, say, span

STEP_S = 0.1
"""What is less is no step. NTP clients slew such differences, and two looks at two clocks may differ."""
SLEW = 0.0005
"""A wall that the kernel did not slew with the boottime would differ by 500 ppm at most."""
DOUBT_S = 10.0
"""How long a believed clock that has stepped is doubted."""
LOOK_S = 0.002
"""Boottime is read before and after the wall: with more between, something stopped us, and neither counts."""
TRIES = 5
EVERY_S = 1.0
"""Between two looks, at most."""
FIRST_SAVE_S = 60.0
"""Before a time is written down, unless the clock was set meanwhile, or the gateway stops."""
SAVE_S = 3600.0
"""Between two times that are written down, as cards wear."""
MAX_PARTS = 50
"""Steps of a synchronised clock that are remembered, for the times of before."""
VARIABLE = "SIG_GATEWAY_CLOCK"


class Step(NamedTuple):
    """The clock was set: by how many seconds, and when (boottime)."""

    size: float
    at: float


class Part(NamedTuple):
    """Until when (boottime) which offset was right."""

    until: float
    offset: float


class WallClock:
    """A `drivers.clock.Clock`. Everything but `keep` and `close`, which wait for the disk and belong to one
    thread, may be called from any, and waits for nothing. `look` is to be called every EVERY_S.

    `override`: `set`, `unset` or nothing, as the variable SIG_GATEWAY_CLOCK has it. `memory`: what is kept.
    """

    def __init__(
        self, machine: Machine | None = None, memory: Memory | None = None, override: str | None = None
    ) -> None:
        self._machine: Machine = machine or ThisMachine()
        self._memory = memory or Memory()
        self._override = override
        self._wall = self._machine.wall
        self.monotonic = self._machine.boottime
        """Seconds since the boot, suspends included."""
        self.boot = self._machine.boot
        """The kernel's id of this boot."""
        self._looking = threading.Lock()  # for some µs, and a few questions to the system
        self._listeners: list[Callable[[], None]] = []
        self._began = self._looked = self.monotonic()
        self._seen = self._wall() - self._looked  # the wall's offset at the last look
        self._offset = self._seen
        self._since = -math.inf  # from when on the offset is right, or as good as it gets
        self._parts: deque[Part] = deque(maxlen=MAX_PARTS)
        self._ever = False  # whether the clock was ever believed
        self._sure = False  # whether it was synchronised with this offset
        self._doubt_until = -math.inf
        self._verdict = Verdict(believed=False, synchronised=False, why="")
        self._lost_at = -math.inf  # until when (boottime) a clock that is not believed any more was
        self._step: Step | None = None
        self._words = Words()
        self._save_at = -math.inf
        self.believed = False
        """Whether the machine's clock is, as of the last look."""
        self.look()
        self._save_at = self._began + FIRST_SAVE_S

    def utc(self) -> float:
        """Now, in seconds since 1970."""
        return self.stamp(self.monotonic())[0]

    def stamp(self, moment: float) -> tuple[float, bool]:
        """The UTC of a moment, and whether that may be wrong, as the clock is not believed."""
        drift = self._wall() - self.monotonic() - self._seen
        if not -STEP_S < drift < STEP_S:  # set, or this thread was stopped between the two
            self.look()
        if moment >= self._since:
            return moment + self._offset, not (self.believed or (self._sure and moment < self._lost_at))
        return self._of_a_part(moment), False

    def noted(self, boot: str, at: float, utc: float, *, known: bool) -> tuple[float, bool]:
        """The same of what was noted as `utc` at `at` of some boot, when the clock was believed (`known`) or
        not."""
        if boot == self.boot and at <= self.monotonic():
            return self.stamp(at)
        offset = self._memory.offset(boot) if boot not in ("", self.boot) else None
        return (at + offset, False) if offset is not None else (utc, not known)

    def age(self, boot: str, at: float, utc: float, *, known: bool) -> float:
        """Seconds that have gone by since then, or as many as are sure to have: of what another boot stamped
        ahead or with a clock that was not believed, those since it was found."""
        now = self.monotonic()
        if boot == self.boot and at <= now:
            return now - at
        at_least = now - self._began
        if not self.believed:
            return at_least
        today = now + self._offset
        then, unset = self.noted(boot, at, utc, known=known)
        if unset or not boot or then > today:
            self._memory.learn(boot, seen=today)
            then = self._memory.seen(boot) or today
        return max(at_least, today - then)

    def found(self, boot: str, at: float, utc: float, *, known: bool) -> None:
        """The newest of what is kept of a boot, from `at` and `utc` as they were noted, of which the clock
        was believed if it was of any."""
        if known and boot not in ("", self.boot) and self._memory.offset(boot) is None:
            self._memory.learn(boot, offset=utc - at)
        if known and not self._sure:
            self._memory.note(utc)
        if boot != self.boot and self.believed:
            self._memory.learn(boot, seen=self.utc())

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called when the clock is believed again, or not any more, or with another offset:
        on the thread that found it, so it may not block."""
        self._listeners = [*self._listeners, listener]

    def unlisten(self, listener: Callable[[], None]) -> None:
        """The end of that: it may be called once more, on a thread that is at it now."""
        self._listeners = [each for each in self._listeners if each != listener]

    def status(self) -> dict[str, Any]:
        """Whether the clock is believed, why, and what the last step was (seconds, and how long ago)."""
        step, verdict = self._step, self._verdict
        return {
            "believed": verdict.believed,
            "synchronised": verdict.synchronised,
            "why": verdict.why,
            "step": None if step is None else round(step.size, 3),
            "step_ago": None if step is None else round(self.monotonic() - step.at, 1),
        }

    def keep(self) -> None:
        """Write down what is to be kept, if it is time: once an hour, and when the clock was set."""
        now = self.monotonic()
        if self.believed and now >= self._save_at:
            self._save(now)

    def close(self) -> None:
        """The last word on what time it was."""
        self.look()
        if self.believed:
            self._save(self.monotonic())

    def look(self) -> None:
        """See whether the clock was set, and whether it can be believed; tell who wants to know."""
        with self._looking:
            seen = self._read()
            changed = seen is not None and self._take(*seen)
            words = self._words.take()
        say(words)
        if changed:
            for listener in self._listeners:
                listener()

    def _read(self) -> tuple[float, float] | None:
        """Boottime and wall of one moment; None if we are not let."""
        for _ in range(TRIES):
            before = self.monotonic()
            wall = self._wall()
            after = self.monotonic()
            if after - before < LOOK_S:
                return before, wall
        return None

    def _take(self, now: float, wall: float) -> bool:
        """What was read; returns whether that changes times that have been told."""
        offset = wall - now
        moved = offset - self._seen
        stepped = abs(moved) > STEP_S + SLEW * max(0.0, now - self._looked)
        if self.believed:
            self._lost_at = self._looked
        self._looked, self._seen = now, offset
        if stepped:
            self._step = Step(moved, now)
            self._words.step(moved, now)
            self._doubt_until = now + DOUBT_S if self._ever else -math.inf
        if abs(offset - self._offset) < STEP_S:
            self._doubt_until = -math.inf  # it is what it was
        self._verdict = self._judged(wall, now)
        self._words.verdict(self._verdict)
        changed = self._follow(offset, now) or self.believed is not self._verdict.believed
        self.believed = self._verdict.believed
        if changed:
            self._save_at = now  # for `keep`: a power cut may come at any time
        return changed

    def _judged(self, wall: float, now: float) -> Verdict:
        synchronised = self._override is None and self._machine.synchronised()
        doubted = self._step is not None and now < self._doubt_until
        evidence = Evidence(
            wall,
            synchronised,
            None if synchronised or self._override else self._machine.silent_client(),
            self._memory.newest,
            self._machine.built,
            f"it was set by {span(self._step.size)} a moment ago" if doubted and self._step else None,
        )
        return judge(evidence, self._override)

    def _follow(self, offset: float, now: float) -> bool:
        """Take the wall's offset for ours, if it is believed, or none ever was; whether that is news."""
        verdict = self._verdict
        if not verdict.believed and self._ever:
            return False
        moved = abs(offset - self._offset) >= STEP_S
        if moved and self._sure:
            self._since = self._step.at if self._step else now
            self._parts.append(Part(self._since, self._offset))
            self._sure = False
        self._offset = offset
        if verdict.believed:
            self._ever = True
            self._sure = self._sure or verdict.synchronised
            known = self._memory.offset(self.boot)
            if known is None or abs(known - offset) >= STEP_S:
                self._memory.learn(self.boot, offset=offset)
        return moved

    def _of_a_part(self, moment: float) -> float:
        """Of before the last step of a synchronised clock."""
        offset = self._offset
        for part in reversed(self._parts.copy()):
            if moment >= part.until:
                break
            offset = part.offset
        return moment + offset

    def _save(self, now: float) -> None:
        self._memory.note(now + self._offset, anew=self._verdict.synchronised)
        self._save_at = now + SAVE_S
        self._memory.save()


def override(environment: dict[str, str] | None = None) -> str | None:
    """What SIG_GATEWAY_CLOCK says: `set`, `unset`, or nothing. Raises ValueError for another word."""
    found = (os.environ if environment is None else environment).get(VARIABLE, "")
    if found not in ("", "set", "unset"):
        raise ValueError(
            f"{VARIABLE}: expected set or unset, got {found!r}; leave it out to have it found out"
        )
    return found or None
