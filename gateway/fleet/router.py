"""FleetRouter: one Router over all gateways of a fleet.

    with FleetRouter(Settings([endpoint("tls://hub1"), endpoint("tls://hub2")], tls)) as router:
        router.addListener(callback, "north/*/temp", "#changed")
        router.request("north/greenhouse/temp", "read")

A sender is called `site/gateway/sender`, each part percent-encoded; `*` as a part of the name that somebody
listens to stands for any. docs/fleet.md is the guide.

Threads: any method may be called from any thread, also by a listener. Listeners of what others have sent run
one after the other on one thread, those of our own senders on the thread that triggers. Requests that
others send to our own senders run on the Speaker's pool, up to four at the same time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, Self

from gateway.fleet import absence, asking
from gateway.fleet.keys import ANY, EVERY, Gateway, Name
from gateway.fleet.link import Link
from gateway.fleet.others import OthersRouter
from gateway.fleet.own import OwnSenders
from gateway.fleet.session import Settings
from sig.errors import NotConnected
from sig.event import Callback, Event
from sig.sender import Handlers, Sender
from sig.subscription import Adding, Removing

CONNECT_S = 10.0
"""For a router to be there."""
SETTLE_S = 3.0
"""For the gateways that are there to say what their senders offer: `connect` waits no longer for it."""

OVERVIEW_S = 3.0


class FleetSender(Sender):
    """A sender of the fleet, or of our own."""

    def request(self, method: str, params: Any = None, timeout: float | None = None) -> Any:
        """See `FleetRouter.request`."""
        router = self.getRouter()
        assert isinstance(router, FleetRouter)
        if router.offers(self):
            return super().request(method, params)
        return router.request(self, method, params, timeout)


class FleetRouter(OthersRouter):
    """`settings`: its routers, and who we are. `gateway`: the site and name under which the others know our
    own senders, and which no other program has; None: we have none. `near`: the gateway whose senders are
    called by their last part alone; by default our own. `sites`: the only ones that are seen, empty for all:
    who may read one site alone has to name it, since the routers refuse what asks for more.

    Begins with `connect`, or as a context manager; ends with `disconnect`, and may begin again.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        gateway: Gateway | None = None,
        near: Gateway | None = None,
        sites: Iterable[str] = (),
    ) -> None:
        super().__init__(FleetSender, near or gateway)
        self._settings = settings
        self._scope = [Gateway(site, ANY) for site in sites] or [EVERY]
        self._own = OwnSenders(self, gateway)
        self._changing = threading.RLock()  # one connects or disconnects at a time
        self._link: Link | None = None

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(self, *_exc: object) -> None:
        self.disconnect()

    def connect(self, timeout_s: float = CONNECT_S) -> Self:
        """Reach a router, and hear who is there. From then on it comes back by itself.

        Raises FleetError if no router lets us in within that time (each try takes up to 2 s for each router
        that does not answer), ImportError where zenoh is not installed.
        """
        with self._changing:
            if self._link is not None:
                return self
            deadline = time.monotonic() + timeout_s
            try:
                self._link = Link.open(self._settings, deadline, self, self.take_news, self._own, self._scope)
                self._link.start(self.wanted(), SETTLE_S)
            except BaseException:
                self.disconnect()
                raise
        return self

    def disconnect(self) -> bool:
        """Leave the fleet: its senders' listeners hear #disconnect. Any number of times. False if a listener
        still runs after 5 s, or a request to one of our own senders, or zenoh still tries to tell a router
        that hangs; called by a listener, it does not wait for that one."""
        with self._changing:
            link, self._link = self._link, None
            return True if link is None else link.close(self.all_gone)

    @property
    def dropped_events(self) -> int:
        """How many events there was no room for, since listeners were slow; they were asked for again."""
        link = self._link
        return 0 if link is None else link.dropped

    def overview(self, timeout: float = OVERVIEW_S) -> dict[Gateway, Any]:
        """What each gateway says of itself and its senders now, as `senders --json` does; those that do not
        answer in time are not in it. Raises NotConnected."""
        return asking.overview(self._connected().session, timeout, self._scope)

    def why_nobody(self) -> str:
        """Where `gateways` has none: what may be the cause, for a person; else nothing."""
        return "" if self._up else absence.nobody(certificate=self._settings.tls is not None)

    def addSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """See `Router.addSender`; the fleet knows it as `site/gateway/name`, of our own gateway. The newest
        1000 events of all of ours are kept in memory, for who has missed them."""
        self._own.add(self.names.parse(name), self.text(name))
        return super().addSender(name, events, requests)

    def removeSender(self, sender: Sender | str) -> bool:
        """See `Router.removeSender`. Raises ValueError for another gateway's."""
        if isinstance(sender, str):
            sender = self.text(sender)
        name = sender.getName() if isinstance(sender, Sender) else sender
        if self.is_others(name):
            raise ValueError(f"{name} is another gateway's: only that one can remove it")
        return super().removeSender(sender)

    def offers(self, sender: Sender) -> bool:
        """Whether it is our own."""
        return self._own.has(sender.getName())

    def request(
        self, sender: Sender | str, method: str, params: Any = None, timeout: float | None = None
    ) -> Any:
        """Call a handler of any sender of the fleet, and return what it returns.

        `timeout` in seconds, 10 by default. Raises as `ClientRouter.remoteRequest`: NotConnected also where
        no router is there; UnknownSender where that gateway has not been there since we connected, or it
        knows no such sender.
        """
        if method is None:
            raise ValueError("a request needs a method: pass its name, not None")
        self.check_own(sender)
        text = self.text(sender.getName() if isinstance(sender, Sender) else sender)
        if self._own.has(text):
            return super().request(text, method, params)
        link = self._connected()
        name = self.names.parse(text)
        seconds = min(asking.DEFAULT_S if timeout is None else timeout, asking.MOST_S)
        try:
            return asking.ask(link.session, name, method, params, seconds)
        except asking.NoAnswer:
            raise self._nobody(link, name) from None

    # As of a ClientRouter: what is written for one works here.

    def addRemoteSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """`addSender`."""
        return self.addSender(name, events, requests)

    def removeRemoteSender(self, sender: Sender | str) -> bool:
        """`removeSender`."""
        return self.removeSender(sender)

    def addRemoteListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool:
        """`addListener`."""
        return self.addListener(callback, sender, event)

    def removeRemoteListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool:
        """`removeListener`."""
        return self.removeListener(callback, sender, event)

    def remoteRequest(
        self, sender: str, method: str, params: Any = None, timeout: float | None = None
    ) -> Any:
        """`request`."""
        return self.request(sender, method, params, timeout)

    def listRemoteSenders(self, list_events: bool = False) -> list[dict[str, Any]]:
        """All senders of the fleet that are or were there, as `ClientRouter.listRemoteSenders` has them."""
        return [
            {"sender": sender.getName(), "connected": sender.isConnected()}
            | ({"events": [{"event": each} for each in sender.getEvents()]} if list_events else {})
            for sender in self.listSenders()
            if self.is_others(sender.getName()) or self.offers(sender)
        ]

    def listening(self, remote: bool) -> tuple[Adding, Removing]:  # noqa: ARG002 - all is remote here
        """See `Router.listening`."""
        return self.addListener, self.removeListener

    # What follows is of our own parts.

    def wanted_changed(self) -> None:
        """See `PatternRouter.wanted_changed`."""
        link = self._link
        if link is not None:
            link.follow(self.wanted())

    def further_targets(self, sender: Sender, event: Event) -> Iterable[Callback]:
        """See `Router.further_targets`: last of all, the fleet hears our own."""
        found = super().further_targets(sender, event)
        return [*found, self._own.hear] if self.offers(sender) else found

    def _connected(self) -> Link:
        link = self._link
        if link is None:
            raise NotConnected("there is no connection to a fleet: connect first")
        return link

    def _nobody(self, link: Link, name: Name) -> Exception:
        if not link.has_router:
            return NotConnected("no router of the fleet is there now")
        certificate = self._settings.tls is not None
        if not self._up:
            return absence.NobodySeen(absence.nobody(certificate=certificate))
        if name.gateway not in self._up:
            return absence.not_seen(name.gateway)
        return absence.silent(name.gateway, there=self._up[name.gateway], certificate=certificate)
