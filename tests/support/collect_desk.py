"""A `gateway.collect.following` without a fleet, a thread or a disk: a test is what is around it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.collect.admission import Cursor
from gateway.collect.following import Following
from gateway.collect.keeping import News
from gateway.collect.placed import Placed
from gateway.collect.room import Dropped
from gateway.collect.wire import Came, Paged, Token
from gateway.event_id import EventId
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway
from gateway.fleet.message import Event, Lost, Page, Position
from gateway.mailbox import Noted

SHED = Gateway("north", "shed")
UTC_MS = 1_790_000_000_000
NONE = News(None, {}, {})


class Keeping:
    """What is put, and the news that a test has for it."""

    def __init__(self) -> None:
        self.is_left = True
        self.waiting = False
        self.reserved = 0
        self.put_in: list[tuple[Noted, Placed]] = []
        self.next_news = News({}, {}, {})
        self._ids = itertools.count()

    def next_id(self, utc: float) -> EventId:
        return EventId(round(utc * 1000), next(self._ids))

    @property
    def room(self) -> Keeping:
        return self

    def reserve(self, events: int) -> bool:
        self.reserved += events if self.is_left else 0
        return self.is_left

    def unreserve(self, events: int) -> None:
        self.reserved -= events

    def waits(self, gateway: str) -> bool:
        return self.waiting and gateway == "north/shed"

    def put(self, noted: Noted, placed: Placed) -> None:
        self.put_in.append((noted, placed))

    def tell(self, receipt: Any, safe: bool) -> None:
        raise AssertionError((receipt, safe))

    def news(self) -> News:
        found, self.next_news = self.next_news, NONE
        return found

    @property
    def seqs(self) -> list[int]:
        """Of all that was put."""
        return [placed.seq for _, placed in self.put_in]

    def has_written(self, seq: int) -> None:
        """All up to there."""
        self.next_news = News(None, {"north/shed": Cursor(Position(7, seq), seq)}, {})

    def has_lost(self, life: int, turn: int, *, crowded: bool = False) -> None:
        """That one of the shed."""
        self.next_news = News(None, {}, {"north/shed": Dropped(life, turn, crowded)})

    def is_opened(self, seq: int) -> None:
        """With all of the shed up to there."""
        self.next_news = News({"north/shed": Cursor(Position(7, seq), seq)}, {}, {})


class Desk:
    """A `Following` with doubles around it. `now` goes on with each turn."""

    def __init__(self, sites: tuple[str, ...] = (), cursors: Mapping[str, Cursor] | None = None) -> None:
        self.asked: list[tuple[Gateway, Ask]] = []
        self.senders_of: list[Gateway] = []
        self.confirmed: list[tuple[Gateway, str, Position]] = []
        self.keeping = Keeping()
        self.keeping.next_news = News(cursors or {}, {}, {})
        self.full = False
        self.now = 1000.0
        self.following = Following(self, self, self, sites, "collector")  # type: ignore[arg-type]
        self.turn()

    # What it is given

    def ask(self, gateway: Gateway, ask: Ask) -> None:
        self.asked.append((gateway, ask))

    def senders(self, gateway: Gateway) -> None:
        self.senders_of.append(gateway)

    def confirm(self, gateway: Gateway, consumer: str, position: Position) -> None:
        self.confirmed.append((gateway, consumer, position))

    def utc(self) -> float:
        return UTC_MS / 1000

    def __iter__(self) -> Iterator[Keeping]:
        return iter([self.keeping])

    def begin(self) -> None:
        """Nothing."""

    def of(self, _site: str) -> Keeping:
        if self.full:
            raise RuntimeError("can't start new thread")
        return self.keeping

    # What a test does

    def turn(self, *letters: Any, seconds: float = 0.1) -> None:
        """Time goes on, and these have come."""
        self.now += seconds
        self.following.turn(letters, self.now)

    def up(self) -> None:
        """The shed comes, and has nothing new."""
        self.turn(Token(SHED, there=True))
        while self.asked:
            self.answer(())

    def answer(self, seqs: Any, upto: int | None = None, lost: tuple[Lost, ...] = ()) -> None:
        """The page that was asked for last."""
        gateway, ask = self.asked.pop()
        after = 0 if ask.after is None else ask.after.seq
        end = Position(7, upto if upto is not None else max(seqs, default=after))
        page = Page([event(seq) for seq in seqs], end, end, lost)
        self.turn(Paged(gateway, ask, page.encode().encode()), Paged(gateway, ask, None))

    @property
    def life(self) -> int:
        """Of what was put last."""
        return self.keeping.put_in[-1][1].life

    @property
    def member(self) -> Any:
        """The shed."""
        return self.following.members[SHED]


def event(seq: int) -> Event:
    """Of the shed."""
    return Event(Position(7, seq), seq, True, "temp", "#changed", str(seq))


def came(seq: int, gateway: Gateway = SHED) -> Came:
    """The same, live."""
    return Came(gateway.key(EVENTS), str(seq).encode(), event(seq).attachment)


def head(position: str) -> Came:
    """Where the shed's newest event is."""
    return Came(SHED.key(EVENTS), position.encode(), None)
