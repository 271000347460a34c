"""A gateway's place in a fleet, as a service: one thread, `fleet`.

It begins when the first values are there, as importing zenoh and SQLite and opening the file take time: a
gateway is to have its sensors before that. What comes meanwhile waits in the mailbox.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gateway.first_values import wait_for_values
from gateway.mailbox import Mailbox
from gateway.overview import LocalSource, Overview
from gateway.samples import Family
from gateway.service import Part, State
from gateway.service_thread import ServiceThread

if TYPE_CHECKING:
    import sig
    from gateway.clock.wall import WallClock
    from gateway.config import Config
    from gateway.feed import Feed
    from gateway.member.loop import Loop
    from gateway.member.spool import DiskSpool

logger = logging.getLogger(__name__)

FIRST_S = 1.0
"""The longest wait for the first event, a sender's coming."""
SETTLE_S = 0.25
"""After that, as it comes just before the first values."""
FILE = "fleet.db"
AGAIN_S = 30.0
"""After an error of its own."""
JOIN_S = 0.1
"""For those who were asked who is here."""


class Membership:
    """For a config that has `fleet`. `known`: what a sender that is not connected would answer to `info`;
    `about`: what the fleet is told of this gateway."""

    name = "fleet"

    def __init__(
        self,
        config: Config,
        router: sig.Router,
        feed: Feed,
        clock: WallClock,
        known: Callable[[str], Any],
        about: Callable[[], Mapping[str, Any]],
    ) -> None:
        assert config.fleet is not None
        self._config = config
        self._section = config.fleet
        self._router = router
        self._feed = feed
        self._clock = clock
        self._about = about
        self.mailbox = Mailbox(keeps=True)
        """Where its events come from."""
        self._overview = Overview(LocalSource(router, known), "fleet-senders")
        self._thread = ServiceThread("fleet", self._run)
        self._stopping = threading.Event()
        self._loop: Loop | None = None
        self._spool: DiskSpool | None = None
        self._before: Membership | None = None  # until this one has begun
        self._said = 0  # by loops of before
        self._failed = False

    def follow(self, before: Membership) -> None:
        """Before `start`: this one begins when that one has ended, and goes on with its numbers, as the
        gateway was never off. At another site it is another gateway."""
        if before._section.site == self._section.site:
            self._before = before

    def start(self) -> None:
        """See `Service`. Raises RuntimeError if this machine has no thread left; nobody fills its mailbox
        then."""
        if self._thread.is_begun:
            return
        self._feed.add(self.mailbox)
        try:
            self._thread.start()
        except RuntimeError:
            self._feed.remove(self.mailbox)
            self.mailbox.give_up()
            raise

    def stop(self, within_s: float) -> bool:
        """See `Service`: write what not all have confirmed."""
        if not self._thread.is_begun:
            return True
        deadline = time.monotonic() + within_s
        self._feed.remove(self.mailbox)
        self._stopping.set()
        self.mailbox.post(None)
        ended = self._thread.stop(max(0.0, within_s - JOIN_S), self.name, self._unwritten)
        self._overview.close(max(0.0, min(JOIN_S, deadline - time.monotonic())))
        return ended and (self._loop is None or not self._loop.leaves_thread)

    def _unwritten(self) -> str:
        left = self.mailbox.depth + (self._spool.status().unwritten if self._spool is not None else 0)
        return f", with {left} events not written"

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        if self._failed:
            return {"fleet": Part(State.FAILING, "it failed, and begins anew; see the log")}
        loop, spool = self._loop, self._spool
        if loop is None or spool is None:
            return {"fleet": Part(State.UNKNOWN, "not begun yet")}
        from gateway.member.how import of_fleet

        name = f"{self._section.site}/{self._config.gateway.name}"
        now = self._clock.monotonic()
        return {"fleet": of_fleet(name, loop.connection, spool.status(), now, self._clock.utc())}

    def families(self) -> Iterator[Family]:
        """See `Measured`."""
        loop, spool = self._loop, self._spool
        if loop is None or spool is None:
            return
        from gateway.member.how import families

        yield from families(loop.connection, spool.status(), self._said + loop.said, self._section.size)

    def dropped(self) -> Mapping[str, int]:
        """See `Dropping`."""
        return self._spool.dropped() if self._spool is not None else {}

    def loops(self) -> Mapping[str, float]:
        """See `Looping`."""
        return {"fleet": self._loop.turned} if self._loop is not None and not self._failed else {}

    def write_soon(self) -> None:
        """Some device has little room left for readings that are not safe: at most once a second all is
        written. Returns at once; from any thread."""
        if self._spool is not None:
            self._spool.write_soon()

    # The service's thread

    def _run(self) -> None:
        try:
            if self._before is None:
                wait_for_values(self.mailbox, self._stopping, FIRST_S, SETTLE_S)
            while True:
                try:
                    self._made().run()
                except Exception:
                    logger.exception("fleet: it failed, and begins anew; please report this")
                    self._failed = True
                if self._stopping.is_set():
                    return
                self._stopping.wait(AGAIN_S)
        finally:
            self.mailbox.give_up()

    def _made(self) -> Loop:
        from gateway.fleet.keys import Gateway
        from gateway.member.loop import Loop
        from gateway.member.offered import Offered
        from gateway.member.settings import settings_of
        from gateway.member.spool import DiskSpool
        from gateway.member.store import Bounds, Store

        section, failed = self._section, self._loop
        self._said += failed.said if failed is not None else 0
        ended = (self._before or self)._spool
        after = ended.ended if ended is not None else None
        store = Store(self._config.data / FILE, Bounds(section.size, section.keep), self._clock)
        spool = DiskSpool(store, self._clock, section.consumers, section.loss_window, self._wake, after)
        loop = Loop(
            Gateway(section.site, self._config.gateway.name),
            settings_of(section, self._config),
            self._router,
            self.mailbox,
            spool,
            Offered(self._router, self._overview, self._about),
            self._clock,
            self._stopping,
        )
        self._spool, self._loop, self._failed = spool, loop, False
        self._before = None  # with what it has in memory
        return loop

    def _wake(self) -> None:
        if self._loop is not None:
            self._loop.wake()
