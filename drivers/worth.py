"""Whether links are to lend their reading to the dispatcher's thread: judged by what all of them bring.

A loan saves a waking of the link's thread for each read. It costs something, too: while the dispatcher waits
for bytes, whoever posts has to ring for it, which is dearer than waking it from its queue. One busy link is
worth it, and so are many that are slow, if they lend together; so they tell here how fast they are.
Whether others ring too often shows when all have lent: it is tried.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

# Reads a second, of all links together. With fewer, who looks after the loans costs as much as they save.
STREAM = 200.0
STREAM_ENDS = 100.0
# Readings a second. Of a flood each read brings many, and there is nothing to save. With a thread of its own
# the reading slows down when the listeners do not keep up.
FLOOD = 5000.0
# For each read of a loan so often others may ring. With one ring for each, a loan costs as much as it saves.
FOREIGN = 0.5
# How often that is weighed.
SPAN_S = 0.2
# How long a trial lasts until the ringing counts: by then every link has told its pace, which the slowest do
# each 1.6 s, see `drivers.stream.lender`.
TRIAL_S = 3.0
# How long nothing is lent after there was too much of it; twice as long after each trial that failed.
REST_S = 1.0
LONGEST_REST_S = 64.0
# A link that has told nothing for so long has ended.
FORGOTTEN_S = 5.0


class Pace(NamedTuple):
    """How fast a link is, both a second: reads that bring something, and readings."""

    reads: float
    readings: float


STILL = Pace(0.0, 0.0)


class Worth:
    """`tell` may be called by any thread. `reads` and `rings` are counted by the dispatcher's loans, see
    `drivers.loans`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards all below but the two counters, for a few lines
        self._paces: dict[object, tuple[Pace, float]] = {}
        self.lends = False
        """Whether links that flow are to lend their reading, or to go on with that."""
        self._since = 0.0  # when that began
        self._rest_s = REST_S
        self._rest_until = 0.0
        self._weigh_at = 0.0
        self._counted = (0, 0)
        self.reads = 0
        self.rings = 0

    def tell(self, link: object, pace: Pace) -> None:
        """The pace of `link`, a hashable that stands for it, from now on; `STILL` for one that is not to be
        counted on any more."""
        now = self._clock()
        with self._lock:
            self._paces[link] = pace, now
            if now >= self._weigh_at:
                self._weigh_at = now + SPAN_S
                self._weigh(now)

    def _weigh(self, now: float) -> None:
        self._paces = {link: told for link, told in self._paces.items() if now - told[1] < FORGOTTEN_S}
        reads = sum(pace.reads for pace, _ in self._paces.values())
        readings = sum(pace.readings for pace, _ in self._paces.values())
        before, self._counted = self._counted, (self.reads, self.rings)
        flows = (STREAM_ENDS if self.lends else STREAM) <= reads and readings < FLOOD
        if not self.lends:
            if flows and now >= self._rest_until:
                self.lends, self._since = True, now
        elif not flows:
            self.lends = False
        elif now - self._since >= TRIAL_S and self._is_disturbed(before):
            self.lends = False
            self._rest(now)

    def _is_disturbed(self, before: tuple[int, int]) -> bool:
        reads, rings = (count - earlier for count, earlier in zip(self._counted, before, strict=True))
        return rings > FOREIGN * reads

    def _rest(self, now: float) -> None:
        """Long, if that was the end of one trial more; else the next one is worth trying soon."""
        failed = now - self._since < TRIAL_S + 2 * SPAN_S
        self._rest_until = now + self._rest_s if failed else now + REST_S
        self._rest_s = min(2 * self._rest_s, LONGEST_REST_S) if failed else REST_S
