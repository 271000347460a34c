"""The collector's side of the fleet: what zenoh calls back is posted, as a letter, and nothing more is done
there.

A thread of its own, `collect-fleet`, opens the session and ends: where a router hangs that takes seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.fleet import keys
from gateway.fleet.declaring import direct, zenoh_error
from gateway.fleet.follower import Ask
from gateway.fleet.joining import Joining
from gateway.fleet.keys import ANY, Gateway, parse_key
from gateway.fleet.message import Position
from gateway.fleet.querying import query, selector_of
from gateway.fleet.session import CLOSE_S, LONGEST_CLOSE_S, Settings, close, open_session, url_of
from gateway.fleet.unread import LOOK_S, Unread, of_session

if TYPE_CHECKING:
    import zenoh

logger = logging.getLogger(__name__)

PAGE_S, SENDERS_S = 5.0, 5.0
"""How long a gateway has for an answer."""


class Came(NamedTuple):
    """A live event, as it travelled. Without an attachment: where the newest is, and nothing has followed."""

    key: str
    data: bytes
    attachment: bytes | None


class Token(NamedTuple):
    """A gateway's token came, or went."""

    gateway: Gateway
    there: bool


class Paged(NamedTuple):
    """The answer to what was asked for; None: there is, or comes, none (any more)."""

    gateway: Gateway
    ask: Ask
    page: bytes | None


class Told(NamedTuple):
    """What a gateway says of itself and its senders; None: it has not answered, or not anything more."""

    gateway: Gateway
    answer: bytes | None


class Opened(NamedTuple):
    """Whether there is a session; why not."""

    problem: str | None


class Reached(NamedTuple):
    """A router is connected, or is not any more."""

    router: str
    there: bool


class Linked(NamedTuple):
    """The link to a router's address, as people write it, has come, or gone."""

    router: str
    there: bool


Letter = Came | Token | Paged | Told | Opened | Reached | Linked | None


class Wire:
    """`sites`: those that are collected, empty for all. `post`: called on zenoh's threads. The rest belongs
    to one thread; what is asked for or said without a session comes to nothing."""

    def __init__(self, settings: Settings, sites: Sequence[str], post: Callable[[Letter], None]) -> None:
        self._settings = settings
        self._sites = tuple(sites) or (ANY,)
        self._post = post
        self._session: zenoh.Session | None = None
        self._unread: Unread | None = None
        self._look_at = 0.0
        self._links: set[str] = set()
        self._joining = Joining(
            "collect-fleet",
            self._open,
            self._joined,
            partial(close, within_s=LONGEST_CLOSE_S),
            lambda problem: post(Opened(problem)),
        )

    def start(self) -> None:
        """Begin to connect."""
        self._joining.start()

    def stop(self, within_s: float) -> bool:
        """Leave. False if a router that hangs still holds a thread."""
        if not self._joining.stop(within_s):
            return False
        session, self._session = self._session, None
        return session is None or close(session, min(within_s, CLOSE_S))

    def look(self, now: float) -> None:
        """Now and then: whether it hears its router, and which one that is."""
        if (session := self._session) is None or now < self._look_at:
            return
        self._look_at = now + LOOK_S
        if self._unread is None:
            self._unread = of_session(session)
        self._unread.look(partial(logger.warning, "fleet: %s"))
        try:
            links = {url_of(str(link.dst)) for link in session.info.links()}
        except zenoh_error():
            links = set()
        for gone in self._links - links:
            self._post(Linked(gone, there=False))
        for new in links - self._links:
            self._post(Linked(new, there=True))
        self._links = links

    def ask(self, gateway: Gateway, ask: Ask) -> None:
        """For a page; a `Paged` with None follows, whatever comes before it."""
        self._get(selector_of(gateway, ask), PAGE_S, lambda answer: self._post(Paged(gateway, ask, answer)))

    def senders(self, gateway: Gateway) -> None:
        """For what it says of itself; a `Told` with None follows."""
        self._get(gateway.key(keys.SENDERS), SENDERS_S, lambda answer: self._post(Told(gateway, answer)))

    def confirm(self, gateway: Gateway, consumer: str, position: Position) -> None:
        """All up to there is safe."""
        if (session := self._session) is not None:
            session.put(gateway.key(keys.CONFIRMED, consumer), str(position).encode())

    def _get(self, selector: str, timeout_s: float, tell: Callable[[bytes | None], None]) -> None:
        session = self._session
        if session is None:
            tell(None)
            return
        try:
            query(session, selector, timeout_s, tell, lambda: tell(None))
        except zenoh_error() as error:
            logger.debug("fleet: %s: %s", selector, error)
        except Exception:
            logger.exception("fleet: %s was not asked for; please report this", selector)

    # The thread

    def _open(self) -> zenoh.Session:
        session = open_session(self._settings)
        try:
            self._declare(session)
        except BaseException:
            close(session)
            raise
        return session

    def _joined(self, session: zenoh.Session) -> None:
        self._session = session
        self._post(Opened(None))

    def _declare(self, session: zenoh.Session) -> None:
        """Liveliness comes last: a gateway is followed once it is seen, so nothing of what follows is
        missed."""
        for site in self._sites:
            session.declare_subscriber(Gateway(site, ANY).key(keys.EVENTS), direct(self._came))
        session.info.declare_transport_events_listener(direct(self._transport), history=True)
        for site in self._sites:
            session.liveliness().declare_subscriber(
                Gateway(site, ANY).key(keys.UP), direct(self._token), history=True
            )

    def _came(self, sample: zenoh.Sample) -> None:
        beside = None if sample.attachment is None else sample.attachment.to_bytes()
        self._post(Came(str(sample.key_expr), sample.payload.to_bytes(), beside))

    def _transport(self, event: zenoh.TransportEvent) -> None:
        import zenoh

        self._post(Reached(str(event.transport.zid), event.kind == zenoh.SampleKind.PUT))

    def _token(self, sample: zenoh.Sample) -> None:
        import zenoh

        if (gateway := _gateway(sample)) is not None:
            self._post(Token(gateway, sample.kind == zenoh.SampleKind.PUT))


def _gateway(sample: Any) -> Gateway | None:
    key = parse_key(str(sample.key_expr))
    return None if key is None else key.gateway
