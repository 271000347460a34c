"""A router: a zenoh session that others come to, begun anew where zenoh would leave it half linked.

When the line between two routers is cut for about a link's lease, one of them takes the other for gone a
little before or after the other does. What they open then zenoh (1.10) may link for one direction only, or
without what had been declared, and it stays so. A router of another identity has no such past: so whoever
connects to a router that it was connected to before begins anew, as if it had been restarted. Its clients go
to another router meanwhile, or come back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.fleet.declaring import direct
from gateway.fleet.session import CLOSE_S, Settings, close, open_session

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

AGAIN_S = 0.1
"""Before it is tried again to listen: what it was before may hold the port for as long as it takes to end."""


class Links:
    """Which routers it has connected to. `listen`: where it listens, as zenoh has it. Pure; not for several
    threads."""

    def __init__(self, listen: Iterable[str]) -> None:
        self._ports = {_port(each) for each in listen}
        self._known: set[str] = set()

    def linked(self, source: str, router: str) -> bool:
        """A link from that address of ours to that identity: whether there was one before. Of those who have
        connected to us never."""
        if _port(source) in self._ports:
            return False
        before = router in self._known
        self._known.add(router)
        return before


class Relay:
    """`open` and `close` belong to one thread. A thread of its own, `fleet-relay`, begins it anew."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()  # guards the session; held while it is begun anew
        self._session: zenoh.Session | None = None
        self._links = Links(settings.listen)
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-relay", daemon=True)
        self.begun = 0
        """How often."""

    @property
    def peers(self) -> list[str]:
        """Which routers it is linked to, by their identity. From any thread."""
        session = self._session
        return [] if session is None else [str(each) for each in session.info.routers_zid()]

    def open(self) -> None:
        """Listen. Raises FleetError; ImportError where zenoh is not installed."""
        self._begin()
        self._thread.start()

    def close(self, within_s: float = CLOSE_S) -> bool:
        """End it, also if it is begun anew just now; False if a thread of zenoh's is left behind."""
        self._stopping.set()
        self._due.set()
        with self._lock:
            session, self._session = self._session, None
        closed = session is None or close(session, within_s)
        if self._thread.ident is not None:
            self._thread.join()
        return closed

    def _begin(self) -> None:
        import zenoh

        session = open_session(self._settings)
        links = self._links = Links(self._settings.listen)

        def linked(event: zenoh.LinkEvent) -> None:
            link = event.link
            if event.kind == zenoh.SampleKind.PUT and links.linked(str(link.src), str(link.zid)):
                self._due.set()

        try:
            session.info.declare_link_events_listener(direct(linked), history=True)
        except BaseException:
            close(session)
            raise
        self._session = session
        self.begun += 1

    def _run(self) -> None:
        while True:
            self._due.wait()
            with self._lock:
                self._due.clear()
                if self._stopping.is_set():
                    return
                logger.warning("linked again to a router of before: beginning anew")
                if self._session is not None:
                    close(self._session)
                    self._session = None
                self._begin_again()

    def _begin_again(self) -> None:
        told = ""
        while not self._stopping.is_set():
            try:
                self._begin()
            except Exception as error:  # noqa: BLE001 - whatever it is: a router is to come back
                if str(error) != told:
                    told = str(error)
                    logger.warning("beginning anew: %s; it is tried again and again", error)
                self._stopping.wait(AGAIN_S)
            else:
                return


def _port(address: str) -> str:
    return address.rpartition(":")[2]
