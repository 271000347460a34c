"""What is known of the readings of one boot of a board that keeps them: which have come, which are missing
and when they are asked for, which are safe, and which are lost. Pure.

    not heard of -> missing -> come -> safe -> acknowledged
                       |         `--> missing (somebody had no room for it)
                       `--> lost, as the board says, or never answers -> told, and that is safe
"""

import math
from collections import Counter
from collections.abc import Mapping

from drivers.stream.sensorline.board_clock import BoardClock
from drivers.stream.sensorline.kept_messages import Range
from drivers.stream.sensorline.losses import Loss, Losses, channels_of
from drivers.stream.sensorline.lost_counts import LostCounts
from drivers.stream.sensorline.probes import Probes
from drivers.stream.sensorline.put_off import PutOff
from drivers.stream.sensorline.spans import Spans

# What was asked for is on its way as long as others like it come. After so long without any, a line was lost.
REASK_S = 0.5
HURRY_REASK_S = 0.25
# One that does not come for that often may never do. At one bit error in 1,000 a try fails four times in ten,
# all eight 7 times in 10,000.
TRIES = 8
PATIENT_S = 5.0
# More than one line can ask for.
MOST_DUE = 80
# Of so many readings of a boot it is remembered of which channel they were, and when: what a board says that
# it has lost counts some of those that have come. At 200 bytes each, 0.8 MB.
MOST_REMEMBERED = 4096


class BootRecord:
    """`clock`: the board's, of this boot; None where it was never heard. For the thread that reads."""

    def __init__(self, boot: int, clock: BoardClock | None) -> None:
        self.boot = boot
        self.clock = clock
        self.newest = 0
        """The newest that is known of."""
        self.safe_to = 0
        """Everything up to it is safe, or is waited for no more; or it was before this record began."""
        self.acknowledged = 0
        """As far as the board was told so."""
        self.ack_wanted = False
        """Whether the board is to be told so once more, as it says again what is known."""
        self.repeats = 0
        """How often that is to be said once more, of an earlier boot, of which nothing newer comes."""
        self.held = 0
        """How many have come, or are lost, and are waited for until they, or that it is told, are safe."""
        self.heard: float | None = None
        """When the newest of those that have come was measured (monotonic)."""
        self.began = False
        """Whether it is known what the board had when this record began."""
        self.over = False
        """Whether the board has nothing of it any more."""
        self.former = False
        """Whether the board has begun anew with the same number."""
        self._losses = Losses()
        self._first = 1  # the oldest that the board said last that it has
        self._came = Spans()
        self._safe = Spans()
        self._heard: dict[int, tuple[str, float]] = {}  # the channel, and when it was measured
        self._asked: dict[int, tuple[float, int]] = {}  # by a gap's end: when last, and how often
        self._put_off = PutOff()
        self._flowed = 0.0  # when a kept reading came last
        self._counts = LostCounts()
        self._probes = Probes()

    @property
    def begun(self) -> float:
        """When it had begun, as far as that is known (monotonic)."""
        if self.clock is not None:
            return self.clock.started
        return min((measured for _, measured in self._heard.values()), default=math.inf)

    @property
    def open(self) -> bool:
        """Whether the board is told of it, and asked for it."""
        return not (self.over or self.former)

    def come(self, seq: int, channel: str, measured: float, now: float, *, late: bool) -> bool:
        """A reading, at `now`; False for one that has come before."""
        if late:
            self._flow(seq, now)
        if self.has(seq):
            return False
        self._came.add(seq, seq)
        self._heard[seq] = channel, measured
        if len(self._heard) > MOST_REMEMBERED:
            del self._heard[next(iter(self._heard))]
        self.held += 1
        if seq >= self.newest:
            self.newest, self.heard = seq, measured
        return True

    def has(self, seq: int) -> bool:
        """Whether that one has come, or need not come."""
        return (self.began and seq <= self.safe_to) or seq in self._came

    def settled(self, seq: int, reason: str, now: float, *, safe: bool) -> None:
        """What became of one that had come. One that is not safe is asked for again; where the board does not
        have it any more, it is lost, for `reason`."""
        passed = self.began and seq <= self.safe_to
        if not passed:
            self.held -= 1
        if not safe and (passed or self.over):
            self._losses.add(Loss(seq, seq, 1, channels_of([(seq, seq)], self._heard), reason, now))
        elif not safe:
            self._came.remove(seq)  # when it was measured is remembered: a gap may begin or end there
            self._put_off.note(seq, now)
        elif not passed:
            self._safe.add(seq, seq)
            self._advance()

    def pass_by(self, kept: int) -> None:
        """What has come and somebody holds on and on is not waited for when the board, which keeps `kept`,
        cannot have it any more, and something newer is safe: that would wait for it, for ever."""
        to = min(self.newest - kept, self._came.reach(self.safe_to), self._safe.last)
        if self.began and to > self.safe_to:
            self._pass_to(to)
            self._advance()

    def exists(self, seq: int) -> None:
        """The board says that it has measured that one."""
        self.newest = max(self.newest, seq)

    def holds(self, first: int, newest: int, now: float) -> None:
        """The board says what it has; what of it has not come is on its way by then."""
        if not self.began:
            self.began, lost = True, first > 1
            self._pass_to(first - 1)
            self.acknowledged = self.safe_to
            self._advance()
        else:
            self.ack_wanted = self.ack_wanted or first <= self.safe_to
            lost = self._came.count(self.safe_to + 1, first - 1) < first - 1 - self.safe_to
        self._probes.begin(now, lost=lost)
        self._first = first
        self.exists(newest)
        self._asked = {last: (now, 1) for _, last in self.missing()}
        self._flowed = now

    def missing(self) -> list[Range]:
        """What has not come, as far as it is known of, in order."""
        if not self.began or self._came.reach(self.safe_to) == self.newest:
            return []
        return list(self._came.gaps(self.safe_to + 1, self.newest))

    def due(self, now: float, reask_s: float = REASK_S) -> list[Range]:
        """What is to be asked for now; what was asked for `reask_s` ago and does not come, too."""
        found = []
        for gap in self.missing():
            asked, tries = self._asked.get(gap[1], (None, 0))
            wait = reask_s if tries < TRIES else PATIENT_S
            if self._put_off.waits(gap[1], now):
                continue
            if asked is None or now >= max(asked, min(self._flowed, asked + PATIENT_S)) + wait:
                found.append(gap)
            if len(found) == MOST_DUE:
                break
        return found

    @property
    def probing(self) -> bool:
        """Whether nothing may be acknowledged yet, as the board would forget what it has lost."""
        return self._probes.open

    def probe(self, now: float) -> list[Range]:
        """What the board has not any more, if it is to be asked now what of it is lost."""
        return [(1, self._first - 1)] if self._probes.take(now) else []

    def asked(self, gaps: list[Range], now: float) -> None:
        """Those were asked for."""
        for _, last in gaps:
            self._asked[last] = now, self._asked.get(last, (now, 0))[1] + 1

    def lost(self, first: int, last: int, counts: Mapping[str, int], reason: str, now: float) -> None:
        """The board says that those are lost. It counts those too that had come and that it did not know to
        be safe, and those that it has told before."""
        self._flow(last, now)
        self._probes.end()
        self.ack_wanted = True
        fresh = list(self._came.gaps(first, last))
        if not fresh:
            return
        heard = Counter(
            channel for seq, (channel, _) in self._heard.items() if first <= seq <= last and seq in self._came
        )
        number = sum(high - low + 1 for low, high in fresh)
        left = self._counts.news(first, last, counts, heard, number)
        self._give_up(fresh, channels_of(fresh, self._heard) or left, reason, now)

    def give_up(self, kept: int, reason: str, now: float) -> None:
        """What the board does not say that it has, or cannot have, as it keeps `kept`, and does not answer
        for: that is lost."""
        gone = max(self._first - 1, self.newest - kept)
        for gap in self.missing():
            if gap[1] <= gone and self._asked.get(gap[1], (0.0, 0))[1] >= TRIES:
                self._give_up([gap], channels_of([gap], self._heard), reason, now)

    def end(self, reason: str, now: float) -> None:
        """The board has nothing of this boot any more: what has not come is lost."""
        self.over = True
        for gap in self.missing():
            self._give_up([gap], channels_of([gap], self._heard), reason, now)

    def take_losses(self, now: float, *, ended: bool = False) -> list[Loss]:
        """See `Losses.take`. `ended`: nothing is measured in this boot any more, and what was is known."""
        return self._losses.take(self._heard, now, self.newest if ended else None)

    def told(self, loss: Loss) -> None:
        """That is safe with whoever wants to know: the board may forget it."""
        for first, last in loss.gaps:
            low = max(first, self.safe_to + 1) if self.began else first
            self.held -= max(0, last - low + 1)
            self._safe.add(first, last)
        self._advance()

    def _give_up(
        self, gaps: list[Range], counts: Mapping[str, int | None] | None, reason: str, now: float
    ) -> None:
        first, last = gaps[0][0], gaps[-1][1]
        number = sum(high - low + 1 for low, high in gaps)
        self._losses.add(Loss(first, last, number, counts, reason, now, tuple(gaps)))
        for low, high in gaps:
            self._came.add(low, high)
        self.held += number
        self.exists(last)

    def _flow(self, seq: int, now: float) -> None:
        """Kept readings come in order: one that was asked for no later than this one, and is older, was lost
        on its way; it is asked for at once. The rest is on its way."""
        self._flowed = now
        mine = min((last for last in self._asked if last >= seq), default=None)
        if mine is None:
            return
        asked, _ = self._asked[mine]
        passed = [last for last, (when, _) in self._asked.items() if last < seq and when <= asked]
        for last in passed:
            del self._asked[last]
        self._asked[mine] = now, 1

    def _pass_to(self, to: int) -> None:
        """Nothing up to `to` is waited for any more."""
        first = self.safe_to + 1
        self.held -= self._came.count(first, to) - self._safe.count(first, to)
        self.safe_to = to

    def _advance(self) -> None:
        if not self.began:
            return
        self.safe_to = self._safe.reach(self.safe_to)
        self._safe.forget_to(self.safe_to)
        self._put_off.forget_to(self.safe_to)
        if len(self._asked) > 2 * len(self._came) + 2:
            ends = {last for _, last in self.missing()}
            self._asked = {last: asked for last, asked in self._asked.items() if last in ends}
