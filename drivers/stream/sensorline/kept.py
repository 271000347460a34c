"""What is known of the readings that a board keeps, over all its boots, and what it is told of them.

It outlives the loss of a port, where a conversation is made anew at each opening; not the program: after a
restart the board says what it has, and what comes twice is known by (identity, boot, seq) in history. Nothing
here is written down, does I/O or reads a clock.

Memory: of at most 16 boots, each what its `BootRecord` remembers: 0.8 MB, if so many readings came.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import NamedTuple

from drivers.receipt import Receipt
from drivers.stream.sensorline.board_clock import BoardClock
from drivers.stream.sensorline.boot_record import HURRY_REASK_S, REASK_S, BootRecord
from drivers.stream.sensorline.kept_messages import BoardLost, Holding, Range, acknowledgement
from drivers.stream.sensorline.losses import Loss
from drivers.stream.sensorline.telling import Tellings

# A board is told so often what is safe,
ACKNOWLEDGE_S = 1.0
# and so often what did not come: three times a second.
SOON_S = 1 / 3
# And so often when its memory is half full of what it was not told to forget: before it overwrites that.
HURRY_S = 0.1
# After a long outage on a bad line tens of thousands are missing, which are not looked through at each line;
# nor so often for what is to be given up.
LOOK_S = 0.1
GIVE_UP_S = 1.0
# How often it is said that its memory is half full of what is not safe.
PRESSURE_S = 1.0
# What is said last of an earlier boot is said so often more: it would stay in the board's memory otherwise.
REPEATS = 3
MOST_BOOTS = 16

NO_ROOM = "the board had no room for them until they could be sent"
NO_ANSWER = "the board does not have them any more"
NO_MEMORY = "the board lost them, as it lost its power or its memory"
UNSURE = (
    "the board lost its power or its memory, and with it what it may have measured while it was not heard"
)


class Lost(NamedTuple):
    """A loss of a boot. `earliest`, `latest`: between which it must be (monotonic), None where that is not
    known; `record`: to be told when that is safe, None for what the board does not say."""

    loss: Loss
    earliest: float | None
    latest: float
    record: BootRecord | None = None


class Kept:
    """Of the boards on one port, one after the other. For whoever reads; its receipts are for any thread."""

    def __init__(self) -> None:
        # The newest is the last. One that the board has begun anew with the same number is there below 0.
        self._records: OrderedDict[tuple[str, int], BootRecord] = OrderedDict()
        self._former = 0  # how many of those there were
        self._identity = ""
        self._boot = 0
        self._size = 0
        self._answered = False  # `again`, since the last `begin`
        # What became of readings, until it is looked at: at most one note of each that somebody still had,
        # and those are bounded by the dispatcher's queue and by what its listeners may hold.
        self._notes: deque[tuple[BootRecord, int, bool]] = deque()
        self._tellings = Tellings()
        self._unsure: list[Lost] = []
        self._turn: BootRecord | None = None
        self._said_at = self._acknowledged_at = self._pressed_at = float("-inf")
        self._looked_at = self._gave_up_at = float("-inf")

    def clock(self, identity: str, boot: int, board_ms: int, now: float) -> BoardClock:
        """The clock of a boot that says hello. Where that clock has said more before, the board begins anew
        and cannot count its boots: it is another one, of which nothing has come."""
        record = self._records.get((identity, boot))
        if record is not None and record.clock is not None and board_ms < record.clock.newest_ms:
            self._former += 1
            record.former = True
            self._records[identity, -self._former] = self._records.pop((identity, boot))
            record = None
        if record is None or record.clock is None:
            return BoardClock(board_ms, now)
        record.clock.resume(board_ms, now)
        return record.clock

    def clock_of(self, boot: int) -> BoardClock | None:
        """That of a boot of the board that is there; None where it was never heard."""
        record = self._records.get((self._identity, boot))
        return None if record is None else record.clock

    @property
    def drift(self) -> float | None:
        """That of the board that is there, as it was measured last."""
        drifts = [record.clock.drift for record in self._mine() if record.clock is not None]
        return next((drift for drift in reversed(drifts) if drift is not None), None)

    def begin(self, identity: str, boot: int, size: int, clock: BoardClock, now: float) -> None:
        """A boot begins, or a connection, of a board that keeps `size` readings. It is told nothing before it
        has said what it has: what is told to be safe, it forgets that it lost."""
        self._drain(now)
        self._identity, self._boot, self._size = identity, boot, size
        record = self._records.setdefault((identity, boot), BootRecord(boot, clock))
        record.clock = clock
        self._answered = False
        self._records.move_to_end((identity, boot))
        while len(self._records) > MOST_BOOTS:
            self._records.popitem(last=False)

    def come(
        self, boot: int, seq: int, channel: str, measured: float, now: float, *, late: bool
    ) -> Receipt | None:
        """A reading has come; None for one that has come before, or is of a boot that nobody spoke of."""
        record = self._records.get((self._identity, boot))
        if record is None or not record.come(seq, channel, measured, now, late=late):
            return None
        return Receipt(
            self._identity, boot, seq, lambda receipt, safe: self._notes.append((record, receipt.seq, safe))
        )

    def again(self, holdings: Sequence[Holding], now: float) -> None:
        """The answer to `again`. What it does not name of the earlier boots is gone."""
        self._drain(now)
        self._answered = True
        mine = self._records.get((self._identity, self._boot))
        is_first = mine is not None and not mine.began
        named = []
        for holding in (*holdings[1:], *holdings[:1]):  # the oldest first, so that the newest is the last
            key = self._identity, holding.boot
            record = self._records.setdefault(key, BootRecord(holding.boot, None))
            self._records.move_to_end(key)
            record.holds(holding.first, holding.newest, now)
            named.append(record)
        earlier = [record for record in self._mine() if record is not mine]
        gone = [record for record in earlier if record not in named and not record.over]
        for record in gone:
            record.end(NO_MEMORY, now)
        # What the boot before measured when it was not heard any more went with the memory, if it did so: a
        # board that has its memory names it.
        if (
            mine is not None
            and is_first
            and earlier[-1:] == gone[-1:]
            and gone
            and gone[-1].heard is not None
        ):
            loss = Loss(0, 0, 0, None, UNSURE, now, since=gone[-1].heard)
            self._unsure.append(Lost(loss, None, min(now, mine.begun)))

    def exists(self, seq: int) -> None:
        """The board says what its newest reading is."""
        record = self._records.get((self._identity, self._boot))
        if record is not None:
            record.exists(seq)

    def lost(self, message: BoardLost, now: float) -> None:
        """The board says what it lost. What it says before it has answered `again` answers a `K` that was on
        its way when it was reset: it calls lost there, too, what was safe of a boot that it has forgotten."""
        record = self._records.get((self._identity, message.boot))
        if record is not None and self._answered:
            record.lost(message.first, message.last, dict(message.counts), NO_ROOM, now)

    def say(self, now: float) -> bytes | None:
        """The body of what the board is to be told now, None for nothing."""
        self._drain(now)
        if not self._answered or now < max(self._said_at + HURRY_S, self._looked_at + LOOK_S):
            return None
        self._looked_at = now
        waited = now >= self._said_at + SOON_S
        for record in self._in_turn():
            record.pass_by(self._size)
            pressed = 2 * (record.newest - record.acknowledged) >= self._size
            if not (record.open and (waited or pressed)):
                continue
            due = [*record.probe(now), *record.due(now, HURRY_REASK_S if pressed else REASK_S)]
            news = not record.probing and self._has_news(record)
            if due or (news and (pressed or now >= self._acknowledged_at + ACKNOWLEDGE_S)):
                self._said_at = now
                if news:
                    self._acknowledged_at = now
                self._turn = record
                return self._say(record, due, now)
        return None

    def _has_news(self, record: BootRecord) -> bool:
        if record.ack_wanted or record.safe_to > record.acknowledged:
            return True
        return record.repeats > 0 and record.boot != self._boot

    def pressure(self, now: float) -> int:
        """How many readings have come and are not safe, if they fill half of the board's memory, and that
        was not said for a second; else 0."""
        held = sum(record.held for record in self._mine())
        if 2 * held < self._size or now < self._pressed_at + PRESSURE_S or not self._size:
            return 0
        self._pressed_at = now
        return held

    def take_losses(self, now: float) -> list[Lost]:
        """What is lost for good, each told once."""
        found, self._unsure = self._unsure, []
        gives_up = now >= self._gave_up_at + GIVE_UP_S
        if gives_up:
            self._gave_up_at = now
        mine, latest = self._mine(), now
        for at in reversed(range(len(mine))):
            record = mine[at]
            if gives_up:
                record.give_up(self._size, NO_ANSWER, now)
            before = (other.heard for other in reversed(mine[:at]) if other.heard is not None)
            earliest = next(before, None) if record.clock is None else record.clock.started
            ended = self._answered and at + 1 < len(mine)
            losses = record.take_losses(now, ended=ended)
            found += [Lost(loss, earliest, latest, record) for loss in losses]
            latest = min(latest, record.begun)
        return found

    def telling(self, lost: Lost, channels: int) -> Sequence[Receipt | None]:
        """See `Tellings.receipts`; None for each where the board does not say it itself."""
        if lost.record is None:
            return [None] * channels
        return self._tellings.receipts(self._identity, lost.record, lost.loss, channels)

    def _mine(self) -> list[BootRecord]:
        """Those of the board that is there, the newest boot last."""
        return [record for (identity, _), record in self._records.items() if identity == self._identity]

    def _in_turn(self) -> list[BootRecord]:
        """The one that was spoken of last comes last."""
        mine = self._mine()
        at = mine.index(self._turn) + 1 if self._turn in mine else 0
        return mine[at:] + mine[:at]

    def _drain(self, now: float) -> None:
        while self._notes:
            record, seq, safe = self._notes.popleft()
            record.settled(seq, NO_ANSWER, now, safe=safe)
        self._tellings.look()

    def _say(self, record: BootRecord, due: list[Range], now: float = 0.0) -> bytes:
        body, said = acknowledgement(record.boot, 0 if record.probing else record.safe_to, due)
        record.asked(due[:said], now)
        if not record.probing:
            record.repeats = record.repeats - 1 if record.safe_to == record.acknowledged else REPEATS
            record.acknowledged, record.ack_wanted = record.safe_to, False
        return body
