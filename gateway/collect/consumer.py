"""The durable consumer of the whole fleet: one thread, `collect`, with a `Follower` for each gateway.

a live event, a head, a token  --> its follower --> steps --> what keeps its site (`Keeping`)
something is missing           --> a page is asked for, some at once, as far as what keeps it has room
it is written                  --> the gateway is told, once a second at most
it was lost on the way         --> the gateway is followed anew, from what is written
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from gateway.collect import counting
from gateway.collect.admission import Cursor
from gateway.collect.arrival import Unset
from gateway.collect.confirming import Confirming
from gateway.collect.counting import Counts
from gateway.collect.keeping import Keeping
from gateway.collect.member import Member
from gateway.collect.wire import Came, Head, Letter, Opened, Paged, Presence, Told, Wire
from gateway.fleet import keys
from gateway.fleet.keys import Gateway, parse_key, parse_name
from gateway.fleet.message import MessageError, Page, Position, parse_event
from gateway.service import Part, State

if TYPE_CHECKING:
    from gateway.clock.wall import WallClock
    from gateway.fleet.session import Settings
    from gateway.samples import Family

logger = logging.getLogger(__name__)

MOST_LETTERS = 20_000
"""What waits for the thread: beyond it live events are let go, and come in pages. 10 MB."""
MOST_HELD = 20_000
"""Live events of all gateways that wait for missing ones: as above."""
MOST_ASKED = 16
"""Pages under way at once, of 256 kB at most: 4 MB."""
MOST_SENDERS = 4
"""Gateways at once that are asked what they are: 1,000 take a quarter of a minute."""
LOOK_S = 0.02
"""Between two looks at who is to be asked for something."""
SENDERS_S = 60.0
"""Between two times that a gateway is asked what it is, and told once more what is safe."""
SENDERS_AGAIN_S = 7.0
"""The same where it has not answered."""
SETTLED_S = 5.0
"""A token that has gone for so long is gone: when a router dies, tokens of others go and come back."""
IDLE_S = 0.5
BUNCH = 500
"""Letters that are read between two looks."""


class Keepings(Protocol):
    """See `gateway.collect.sites`."""

    def __iter__(self) -> Iterator[Keeping]: ...
    def begin(self) -> None: ...
    def of(self, site: str) -> Keeping: ...


class Consumer:
    """`keeping_of`: who keeps a site's events, from the consumer's thread, begun or already there. `name`:
    what this consumer is called at the gateways."""

    name = "fleet"

    def __init__(
        self,
        settings: Settings,
        sites: Sequence[str],
        consumer: str,
        clock: WallClock,
        keepings: Keepings,
    ) -> None:
        self._sites = frozenset(sites)
        self._clock = clock
        self._keepings = keepings
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self._wire = Wire(settings, sites, self._post)
        self._members: dict[Gateway, Member] = {}
        self._opened: dict[Keeping, dict[str, Cursor]] = {}
        self._due: set[Member] = set()  # those that may have something to ask for
        self._confirming = Confirming(lambda gateway, at: self._wire.confirm(gateway, consumer, at))
        self._look_at = 0.0
        self._asked = self._asking = self._held = 0
        self._dropped = self._not_understood = 0
        self._unset = Unset()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._turned = clock.monotonic()
        self._asleep = False
        self._problem: str | None = "not connected yet"
        self._down_at: dict[Gateway, float] = {}

    def start(self) -> None:
        """See `Service`."""
        if self._thread is None:
            self._wire.start()
            thread = threading.Thread(target=self._run, name="collect", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self, within_s: float) -> bool:
        """See `Service`. What is written is confirmed once more before."""
        thread = self._thread
        if thread is None:
            return True
        deadline = time.monotonic() + within_s
        self._stopping.set()
        self._letters.put(None)
        thread.join(within_s)
        left = not self._wire.stop(max(0.0, deadline - time.monotonic()))
        if thread.is_alive() or left:
            logger.warning("stopping: fleet did not stop within %g s and is left behind", within_s)
            return False
        self._thread = None
        return True

    def wake(self) -> None:
        """There is news of a `Keeping`. From any thread."""
        self._letters.put(None)

    @property
    def members(self) -> list[Member]:
        """All gateways that are known, by name. From any thread."""
        return sorted(self._members.values(), key=lambda member: member.gateway)

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        if self._problem is not None:
            state = State.UNKNOWN if self._problem == "not connected yet" else State.FAILING
            return {"fleet": Part(state, self._problem)}
        up = sum(member.up for member in self.members)
        return {"fleet": Part(State.OK, f"connected; {up} of {len(self._members)} gateways are up")}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        yield from counting.families(self.members, Counts(self._dropped, self._not_understood))

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        return {"collect": self._clock.monotonic() if self._asleep else self._turned}

    def _post(self, letter: Letter) -> None:
        """On zenoh's threads."""
        if isinstance(letter, Came) and self._letters.qsize() >= MOST_LETTERS:
            self._dropped += 1
            return
        self._letters.put(letter)

    # The consumer's thread

    def _run(self) -> None:
        self._keepings.begin()
        while not self._stopping.is_set():
            self._turned = self._clock.monotonic()
            try:
                self._turn()
            except Exception:
                logger.exception("fleet: it failed, and goes on; please report this")
                self._stopping.wait(1.0)
        self._news()
        self._confirming.all()

    def _turn(self) -> None:
        self._asleep = True
        wait_s = LOOK_S if self._due or self._confirming.waits else IDLE_S
        letters = [self._next(wait_s)]
        self._asleep = False
        while len(letters) < BUNCH:
            try:
                letters.append(self._letters.get_nowait())
            except Empty:
                break
        now = self._clock.monotonic()
        for letter in letters:
            self._read(letter, now)
        self._news()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._look(now)
        if self._confirming.look(now):
            self._seldom(now)

    def _next(self, wait_s: float) -> Letter:
        try:
            return self._letters.get(timeout=wait_s)
        except Empty:
            return None

    def _read(self, letter: Letter, now: float) -> None:
        try:
            if isinstance(letter, Came):
                self._came(letter, now)
            elif isinstance(letter, Head):
                self._head(letter.gateway, Position.parse(letter.position.decode(errors="replace")), now)
            elif isinstance(letter, Presence):
                self._presence(letter, now)
            elif isinstance(letter, Paged):
                self._paged(letter, now)
            elif isinstance(letter, Told):
                self._told(letter, now)
            elif isinstance(letter, Opened):
                self._opened_or_not(letter.problem)
        except (MessageError, ValueError) as error:
            self._not_understood += 1
            if self._not_understood == 1:
                logger.warning("fleet: a message is not understood, and others that follow: %s", error)

    def _opened_or_not(self, problem: str | None) -> None:
        if problem is not None and self._problem != problem:
            logger.error("fleet: %s; it is tried again and again", problem)
        elif problem is None:
            logger.info("fleet: connected")
        self._problem = problem

    def _came(self, came: Came, now: float) -> None:
        key = parse_key(came.key)
        if key is None or len(key.names) != 2 or not self._wants(key.gateway):
            return
        member = self._member(key.gateway, now)
        event = parse_event(*key.names, came.data.decode(), came.attachment.decode())
        member.head = max(member.head, event.position)
        if member.follower is None:
            return
        if not member.keeping.room or self._held >= MOST_HELD:
            member.skipped = True
            self._dropped += 1
            self._due.add(member)
            return
        self._followed(member, now, lambda follower: follower.live(event, now))

    def _head(self, gateway: Gateway, newest: Position, now: float) -> None:
        if not self._wants(gateway):
            return
        member = self._member(gateway, now)
        member.head = newest
        if member.follower is not None:
            member.follower.head(newest, now)
            self._due.add(member)

    def _presence(self, presence: Presence, now: float) -> None:
        if not self._wants(presence.gateway):
            return
        if not presence.up:
            self._down_at.setdefault(presence.gateway, now)
            return
        self._down_at.pop(presence.gateway, None)
        member = self._member(presence.gateway, now)
        if not member.up:
            member.up, member.since = True, self._clock.utc()
        member.senders_due = now
        if member.follower is not None:
            member.follower.came(now)
            self._due.add(member)
            self._confirming.safe(member.gateway, member.stored.position)

    def _paged(self, paged: Paged, now: float) -> None:
        member = self._members[paged.gateway]
        if member.follower is None:
            return
        if paged.page is None:
            self._asked -= 1
            member.follower.failed(paged.ask, now)
            self._due.add(member)
            return
        page = Page.parse(paged.page.decode())
        member.head = page.head
        self._followed(member, now, lambda follower: follower.page(paged.ask, page, now))

    def _followed(self, member: Member, now: float, what: Callable[[Any], Any]) -> None:
        """Have its follower do that, and take what comes of it."""
        follower = member.follower
        held = follower.held if follower is not None else 0
        member.take(what(follower), now, self._clock.utc())
        assert follower is not None
        self._held += follower.held - held
        self._due.add(member)

    def _told(self, told: Told, now: float) -> None:
        member = self._members[told.gateway]
        if told.answer is None:
            self._asking -= 1
            return
        member.senders_due = now + SENDERS_S
        answer = json.loads(told.answer)
        member.said = answer.get("gateway", {}) if isinstance(answer, dict) else {}
        found = answer.get("senders", []) if isinstance(answer, dict) else answer
        member.senders = [each for each in found if isinstance(each, dict)]

    def _wants(self, gateway: Gateway) -> bool:
        return not self._sites or gateway.site in self._sites

    def _member(self, gateway: Gateway, now: float) -> Member:
        member = self._members.get(gateway)
        if member is None:
            keeping = self._keepings.of(gateway.site)
            member = Member(gateway, keeping, self._unset)
            self._members = {**self._members, gateway: member}
            if keeping in self._opened:
                member.begin(self._opened[keeping].get(member.name, Cursor()), now)
        return member

    def _news(self) -> None:
        """Of those who keep."""
        now = self._clock.monotonic()
        for keeping in self._keepings:
            news = keeping.news()
            if news.opened is not None:
                self._begin_all(keeping, dict(news.opened), now)
            for name, cursor in news.wrote.items():
                member = self._members[_gateway(name)]
                member.stored = cursor
                self._opened[keeping][name] = cursor
                self._confirming.safe(member.gateway, cursor.position)
            for name in news.lost:
                self._members[_gateway(name)].again(now)

    def _begin_all(self, keeping: Keeping, cursors: dict[str, Cursor], now: float) -> None:
        self._opened[keeping] = cursors
        for name in cursors:
            self._member(_gateway(name), now)
        for member in self._members.values():
            if member.keeping is keeping:
                member.begin(cursors.get(member.name, Cursor()), now)
                self._confirming.safe(member.gateway, member.stored.position)
                self._due.add(member)
        self._held = sum(member.follower.held for member in self._members.values() if member.follower)

    def _look(self, now: float) -> None:
        """Ask for what is missing."""
        for member in list(self._due):
            follower = member.follower
            if follower is None or not member.up:
                self._due.discard(member)
                continue
            if self._asked >= MOST_ASKED or not member.keeping.room:
                continue
            if member.skipped:
                member.skipped = False
                follower.came(now)
            ask = follower.ask(now)
            if ask is not None:
                self._asked += 1
                self._wire.ask(member.gateway, ask)
            elif follower.deadline() == float("inf"):
                self._due.discard(member)

    def _seldom(self, now: float) -> None:
        """Once a second: who has gone, and who is to be asked what it is."""
        for gateway, since in list(self._down_at.items()):
            if now - since >= SETTLED_S:
                del self._down_at[gateway]
                member = self._members.get(gateway)
                if member is not None:
                    member.up, member.since = False, self._clock.utc()
        for member in self._members.values():
            if self._asking >= MOST_SENDERS:
                return
            if member.up and now >= member.senders_due:
                member.senders_due = now + SENDERS_AGAIN_S
                self._asking += 1
                self._wire.senders(member.gateway)
                self._confirming.safe(member.gateway, member.stored.position)


def _gateway(name: str) -> Gateway:
    """Of `site/gateway`."""
    return parse_name(f"{name}/{keys.ANY}").gateway
