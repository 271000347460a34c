"""Whom a router is linked with, in its log: the other routers, those it is to connect to and does not reach,
and who comes with a certificate that may do nothing. zenoh says the last by a number alone, and of the others
nothing.

Threads: `post` is called on zenoh's, and only posts; `fleet-neighbours` does the rest.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from gateway.fleet.certificate import owner_of
from gateway.fleet.diagnosis import place_of, why_not
from gateway.fleet.members import Member, Role, host_of
from gateway.fleet.session import MOST_SESSIONS, PORT, Settings

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

FIRST_S = 10.0
"""After which a router that is to be reached is missed."""
AGAIN_S = 60.0
"""Between two times that one thing is said."""
MOST_WAITING = 2 * MOST_SESSIONS
"""Links that are to be told of: each that a router may have comes and goes. Of more nothing is told."""
MOST_STRANGERS = 10
"""That are named in that time: anybody who was ever enrolled can come, and as often as they like."""


class Link(NamedTuple):
    """One of a router's. `own`, `other`: its ends, as zenoh has them, `tls/ADDRESS:PORT`; `certificate`: the
    common name that the other end has shown, "" without TLS."""

    own: str
    other: str
    certificate: str
    there: bool


class Neighbours:
    """`members`: those who may do something, by their certificates' common names; None without TLS, where
    only links that begin here are known to be to routers. Pure, but for a name that is looked up."""

    def __init__(
        self, connect: Sequence[str], listen: Sequence[str], members: Mapping[str, Member] | None
    ) -> None:
        self._connect = list(connect)
        self._ports = {place_of(each).port for each in listen}
        self._members = members
        self._routers: dict[str, Link] = {}  # by the other end
        self._said: dict[str, float] = {}  # strangers, and when
        self._unsaid = 0

    def heard(self, link: Link, now: float) -> Iterator[tuple[int, str]]:
        """A link has come, or gone: what to say of it, and how loudly. `now`: monotonic."""
        begins_here = place_of(link.own).port not in self._ports
        if begins_here or link.certificate.startswith(f"{Role.ROUTER}:"):
            yield from self._of_router(link, begins_here=begins_here)
        if link.there and self._members is not None and link.certificate not in self._members:
            yield from self._of_stranger(link, now)

    def missing(self) -> list[str]:
        """Those that it is to connect to and is not linked with, as zenoh has them."""
        linked = list(self._routers.values())
        return [each for each in self._connect if not any(self._is_to(each, link) for link in linked)]

    def _of_router(self, link: Link, *, begins_here: bool) -> Iterator[tuple[int, str]]:
        owner = owner_of(link.certificate)
        who = "another router" if owner is None else f"the router {owner.name or link.certificate}"
        where = _url(link.other)
        if link.there:
            self._routers[link.other] = link
            yield logging.INFO, f"linked with {who}, {'at' if begins_here else 'which came from'} {where}"
        elif self._routers.pop(link.other, None) is not None:
            yield logging.WARNING, f"the link with {who}, {where}, is gone"

    def _of_stranger(self, link: Link, now: float) -> Iterator[tuple[int, str]]:
        self._said = {each: at for each, at in self._said.items() if now - at < AGAIN_S}
        if link.certificate in self._said:
            return
        if len(self._said) >= MOST_STRANGERS:
            self._unsaid += 1
            return
        self._said[link.certificate] = now
        more = f"; so did {self._unsaid} others" if self._unsaid else ""
        self._unsaid = 0
        who = owner_of(link.certificate) or repr(link.certificate)
        text = (
            f"{_url(link.other)} has come as {who} with a certificate that is not on the list, and may say "
            f"and hear nothing: it was revoked, or enrolled after this router's start{more}"
        )
        yield logging.WARNING, text

    def _is_to(self, target: str, link: Link) -> bool:
        place, other = place_of(target), place_of(link.other)
        member = None if self._members is None else self._members.get(link.certificate)
        for host in member.hosts if member is not None else ():
            port = host.rpartition(":")[2] if host != host_of(host) else ""
            if host_of(host) == place.host and int(port if port.isdecimal() else PORT) == place.port:
                return True
        return other.port == place.port and other.host in _addresses(place.host)


class Watch:
    """`post` each link event to it, from its constructor on; `start` and `close` belong to one thread."""

    def __init__(self, settings: Settings, members: Mapping[str, Member] | None) -> None:
        self._settings = settings
        self._neighbours = Neighbours(settings.routers, settings.listen, members)
        self._links: SimpleQueue[Link | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fleet-neighbours", daemon=True)

    def post(self, event: zenoh.LinkEvent) -> None:
        """On zenoh's threads."""
        import zenoh

        if self._links.qsize() >= MOST_WAITING:
            return
        link = event.link
        there = event.kind == zenoh.SampleKind.PUT
        self._links.put(Link(str(link.src), str(link.dst), link.auth_identifier or "", there))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, within_s: float) -> None:
        """End; a look at a router that does not answer takes some seconds, and is not waited for longer."""
        self._links.put(None)
        if self._thread.ident is not None:
            self._thread.join(within_s)

    def _run(self) -> None:
        look_at = time.monotonic() + FIRST_S
        while True:
            try:
                link = self._links.get(timeout=max(0.0, look_at - time.monotonic()))
            except Empty:
                self._look()
                look_at = time.monotonic() + AGAIN_S
                continue
            if link is None:
                return
            self._tell(link)

    def _tell(self, link: Link) -> None:
        try:
            for level, text in self._neighbours.heard(link, time.monotonic()):
                logger.log(level, "%s", text)
        except Exception:  # the thread goes on, or what is posted would wait for ever
            logger.exception("a link is not told of; please report this")

    def _look(self) -> None:
        for each in self._neighbours.missing():
            why = why_not(each, self._settings.tls) or "it listens, and zenoh is not linked with it"
            logger.warning("not linked with the router %s: %s; it is tried again and again", _url(each), why)


def _addresses(host: str) -> set[str]:
    """Of a name; of an address itself."""
    try:
        return {host, *(str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))}
    except OSError:
        return {host}


def _url(where: str) -> str:
    """As people write it."""
    return where.replace("/", "://", 1)
