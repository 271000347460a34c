"""A router: a zenoh session that others come to. It begins anew where zenoh would leave it half linked.

A router of zenoh's (1.10) looks for others that are new 100 ms after a link has come or gone, by the places
that they have in its map of routers. One that goes and comes within that time has the place that it had, is
not new, and is told nothing of what was declared before: of some gateways no events get through, or no
answers. So it is after a line was cut for about a link's lease, which both ends notice at once, and after a
router that hung. So whoever connects to a router that it was connected to before begins anew, as if it had
been restarted, and leaves that other time to notice. Its clients go to another router meanwhile, or come
back.

It is the process that begins anew: a session that is closed while others come to it may keep some of them,
who then believe that they have a router.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NoReturn

from gateway.fleet.declaring import direct
from gateway.fleet.lingering import Sockets
from gateway.fleet.session import CLOSE_S, Settings, close, open_session
from gateway.fleet.unread import LOOK_S, Unread

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

LEAST_S = 10.0
"""That it lives, whatever happens: with a line that flaps, or on a machine that has too much to do, its
clients would never come to rest."""
APART_S = 2.0
"""Between the end of one that begins anew and its beginning: the others are to have seen it gone, also where
they have much to do."""
ANEW = "SIG_GATEWAY_ROUTER_ANEW"
"""In the environment of one that begins anew."""
MOST_KNOWN = 1000
"""Routers that it remembers: each start of another is a new one."""
TOGETHER_S = 0.1
"""Links that are new within that are looked at together, as a thousand gateways may come at once."""


class Links:
    """Which routers it has connected to. `listen`: where it listens, as zenoh has it. Pure; not for several
    threads."""

    def __init__(self, listen: Iterable[str]) -> None:
        self._ports = {_port(each) for each in listen}
        self._known: deque[str] = deque(maxlen=MOST_KNOWN)

    def linked(self, source: str, router: str) -> bool:
        """A link from that address of ours to that identity: whether there was one before. Of those who have
        connected to us never."""
        if _port(source) in self._ports:
            return False
        before = router in self._known
        if not before:
            self._known.append(router)
        return before


def restart() -> NoReturn:
    """Be the program that was started, with the same process id, from its first line on. Where that program
    is not there any more the process ends, with 1: better none than one that is linked by half."""
    os.environ[ANEW] = "1"
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell is wanted
    except OSError as error:
        logger.critical("it cannot begin anew, and ends: %s: %s", sys.executable, error)
        logging.shutdown()
        os._exit(1)


class Relay:
    """`open` and `close` belong to one thread. `anew`: called on another, `fleet-relay`, when it is to begin
    anew; only once. `told`: of each link that comes or goes, on zenoh's threads, so it only posts."""

    def __init__(
        self,
        settings: Settings,
        anew: Callable[[], object] = restart,
        told: Callable[[zenoh.LinkEvent], object] = lambda _event: None,
    ) -> None:
        self._settings = settings
        self._anew = anew
        self._told = told
        self._links = Links(settings.listen)
        self._session: zenoh.Session | None = None
        self._sockets = Sockets()
        self._unread = Unread(lambda: self._sockets.zenohs.items())
        self._least_until = 0.0
        self._due = threading.Event()
        self._changed = threading.Event()
        """A link is new, it is due, or it is to end."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-relay", daemon=True)

    def open(self) -> None:
        """Listen; APART_S later where it begins anew. Raises FleetError; ImportError where zenoh is not
        installed."""
        if os.environ.pop(ANEW, ""):
            time.sleep(APART_S)
        self._session = open_session(self._settings)
        self._least_until = time.monotonic() + LEAST_S
        self._thread.start()
        self._session.info.declare_link_events_listener(direct(self._linked), history=True)

    def stay(self) -> None:
        """Begin anew no more, as it is to end. Any thread."""
        self._stopping.set()
        self._changed.set()

    def close(self, within_s: float = CLOSE_S) -> bool:
        """End it; False if a thread of zenoh's is left behind."""
        self.stay()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        return self._session is None or close(self._session, within_s)

    def _linked(self, event: zenoh.LinkEvent) -> None:
        """On one of zenoh's threads."""
        import zenoh

        self._told(event)
        if event.kind != zenoh.SampleKind.PUT:
            return
        if self._links.linked(str(event.link.src), str(event.link.zid)):
            self._due.set()
        self._changed.set()

    def _run(self) -> None:
        look_at = 0.0
        while True:
            now = time.monotonic()
            until = min(look_at, self._least_until) if self._due.is_set() else look_at
            changed = self._changed.wait(max(0.0, until - now))
            self._changed.clear()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            if changed or now >= look_at:
                self._sockets.unlinger()
            if now >= look_at:
                look_at = now + LOOK_S
                self._unread.look(logger.warning)
            if self._due.is_set() and now >= self._least_until:
                logger.warning("linked again to a router of before: beginning anew")
                self._anew()
                return
            self._stopping.wait(TOGETHER_S)


def _port(address: str) -> str:
    return address.rpartition(":")[2]
