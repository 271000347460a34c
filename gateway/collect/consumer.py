"""The durable consumer of the whole fleet, as a service: one thread, `collect`, which reads what zenoh's
threads have posted, and does what is due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from gateway.collect import counting
from gateway.collect.around import Keepings
from gateway.collect.connection import NOT_YET
from gateway.collect.counting import Counts
from gateway.collect.following import LOOK_S, Following
from gateway.collect.member import Member
from gateway.collect.wire import Came, Letter, Wire
from gateway.service import Part, State
from gateway.service_thread import ServiceThread, left_behind

if TYPE_CHECKING:
    from gateway.clock.wall import WallClock
    from gateway.fleet.session import Settings
    from gateway.samples import Family

logger = logging.getLogger(__name__)

MOST_LETTERS = 20_000
"""What waits for the thread: beyond it live events are let go, and come in pages. 10 MB. Tokens and answers
are few, and never let go."""
IDLE_S = 0.5
BUNCH = 500
"""Letters that are read between two looks."""
NOBODY = "connected, and no gateway is seen: none is there yet"
SEES_NONE = (
    f"{NOBODY}, or the routers let this certificate see none. `sig-gateway fleet list` says what it may; "
    "each router has to be restarted after somebody was enrolled"
)


class Consumer:
    """`keepings`: who keeps a site's events. `consumer`: what this one is called at the gateways."""

    name = "fleet"

    def __init__(
        self,
        settings: Settings,
        sites: Sequence[str],
        consumer: str,
        clock: WallClock,
        keepings: Keepings,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._keepings = keepings
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self._wire = Wire(settings, sites, self._post)
        self._following = Following(self._wire, keepings, clock, sites, consumer)
        self._let_go = 0
        self._counting = threading.Lock()  # guards it: zenoh has several threads
        self._stopping = threading.Event()
        self._thread = ServiceThread("collect", self._run)
        self._turned = clock.monotonic()
        self._asleep = False

    def start(self) -> None:
        """See `Service`."""
        if not self._thread.is_begun:
            self._wire.start()
            self._thread.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`. What is written is confirmed once more before."""
        if not self._thread.is_begun:
            return True
        deadline = time.monotonic() + within_s
        self._stopping.set()
        self._letters.put(None)
        ended = self._thread.stop(within_s, self.name)
        left = not self._wire.stop(max(0.0, deadline - time.monotonic()))
        if left:
            left_behind("the fleet's session", within_s)
        return ended and not left

    def wake(self) -> None:
        """There is news of a `Keeping`. From any thread."""
        self._letters.put(None)

    @property
    def members(self) -> list[Member]:
        """All gateways that are known, by name. From any thread."""
        return sorted(self._following.members.values(), key=lambda member: member.gateway)

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        problem, members = self._following.connection.problem, self.members
        if problem is not None:
            return {"fleet": Part(State.UNKNOWN if problem == NOT_YET else State.FAILING, problem)}
        if not members:
            return {"fleet": Part(State.UNKNOWN, NOBODY if self._settings.tls is None else SEES_NONE)}
        up = sum(member.up for member in members)
        return {"fleet": Part(State.OK, f"connected; {up} of {len(members)} gateways are up")}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        counts = Counts(self._let_go + self._following.let_go, self._following.not_understood)
        yield from counting.families(self.members, counts)

    def loops(self) -> dict[str, float]:
        """See `Looping`."""
        return {"collect": self._clock.monotonic() if self._asleep else self._turned}

    def _post(self, letter: Letter) -> None:
        """On zenoh's threads."""
        if isinstance(letter, Came) and self._letters.qsize() >= MOST_LETTERS:
            with self._counting:
                self._let_go += 1
            return
        self._letters.put(letter)

    # The consumer's thread

    def _run(self) -> None:
        try:
            self._keepings.begin()
        except Exception:  # each site is begun when something comes of it as well
            logger.exception("collect: not all that is on disk could be opened; please report this")
        while not self._stopping.is_set():
            self._turned = self._clock.monotonic()
            letters = self._taken()
            try:
                self._following.turn(letters, self._clock.monotonic())
                self._wire.look(self._clock.monotonic())
            except Exception:
                logger.exception("fleet: it failed, and goes on; please report this")
        self._following.end(self._clock.monotonic())

    def _taken(self) -> list[Letter]:
        """What has come; waits for the first of it, as long as nothing is due."""
        taken: list[Letter] = []
        self._asleep = True
        try:
            taken.append(self._letters.get(timeout=LOOK_S if self._following.busy else IDLE_S))
            while len(taken) < BUNCH:
                taken.append(self._letters.get_nowait())
        except Empty:
            pass
        self._asleep = False
        return taken
