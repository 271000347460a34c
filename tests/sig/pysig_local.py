"""What pysig 0.7.3 does inside one process, in our own words; and, where we differ on purpose, what we do.

The source is pysig's own code (sig/main.py of its sdist on PyPI, for Python 2). With `ours=False` this is
pysig: the same 5,000 programs were run on pysig 0.7.3 itself, on Python 2.7, and agreed in every step. With
`ours=True` it is what `sig` has to do. Each difference is in DIFFERENCES, by a phrase of the guide that tells
of it; `met` has those that a program has run into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CONNECT, DISCONNECT = "#connect", "#disconnect"
Listener = Callable[[dict[str, Any], Any], Any]

DIFFERENCES = {
    "dormant": "Listeners that wait for an event which the sender, on connecting, does not declare stay",
    "remembered": "A sender that was added stays known",
    "silent": "A kept signal reaches nobody while its sender is not connected",
    "no signal": "`getSignal` is `None` while the sender is not connected",
    "raises": "A listener that raises is logged",
    "unknown": "A request to an unknown sender raises `UnknownSender`",
    "nothing": "`addSender` with an empty list",
    "no methods": "`requests={}` is no requests",
    "unnamed": "The empty name is refused",
    "no method": "Without a method",
    "other router": "removing another router's sender",
}


class Sender:
    """Its listeners by event; None are those of all its events."""

    def __init__(self, router: Router, name: str) -> None:
        self.router = router
        self.name = name
        self.connected = False
        self.kept = False
        self.methods: dict[str | None, Any] | None = None
        self.declared: set[str] = set()
        self.listeners: dict[str | None, list[Listener]] = {None: [], CONNECT: [], DISCONNECT: []}

    def isConnected(self) -> bool:
        return self.connected

    def countListeners(self) -> int:
        return sum(map(len, self.listeners.values()))

    def hasListeners(self) -> bool:
        return self.countListeners() > 0

    def offers(self, event: str | None) -> bool:
        return event in (None, CONNECT, DISCONNECT) or event in self.declared

    def remove(self) -> bool:
        return self.router.removeSender(self)

    def request(self, method: str | None, params: Any = None) -> Any:
        if method is None:
            raise ValueError
        if self.methods is None:
            raise LookupError
        if self.methods.get(method) is not None:
            return self.methods[method](params)
        if self.methods.get(None) is None:
            raise LookupError
        return self.methods[None](method, params)

    def getSignal(self, event: str) -> Signal | None:
        # pysig asks whether it has heard of the event at all
        known = event in self.listeners
        offered = self.connected and self.offers(event)
        if known != offered:
            self.router.met.add("no signal")
        return Signal(self, event) if (offered if self.router.ours else known) else None

    def offered(self) -> dict[str, Any]:
        return {
            "events": sorted({CONNECT, DISCONNECT, *self.declared}),
            "requests": None if self.methods is None else sorted(self.methods, key=str),
        }

    def take_up(self, names: list[str | None]) -> None:
        """These are its events from now on."""
        for event, listeners in list(self.listeners.items()):
            if event not in (None, CONNECT, DISCONNECT, *names):
                if listeners:
                    self.router.met.add("dormant")
                if not self.router.ours:
                    del self.listeners[event]
        self.declared = {name for name in names if name is not None} - {CONNECT, DISCONNECT}
        for name in self.declared:
            self.listeners.setdefault(name, [])


class Signal:
    """pysig's holds the very lists of listeners that there were when it was made."""

    def __init__(self, sender: Sender, event: str) -> None:
        self.sender = sender
        self.event = event
        self.lists = self.now()

    def now(self) -> list[list[Listener]]:
        """Whom a trigger reaches: router broadcast, sender broadcast, channel, specific."""
        router, of = self.sender.router, self.sender.listeners
        channel = [router.any.setdefault(self.event, [])] if self.event.startswith("#") else []
        return [router.any[None], of[None], *channel, of.setdefault(self.event, [])]

    def trigger(self, data: Any = None) -> None:
        offered = self.event in (CONNECT, DISCONNECT) or (
            self.sender.connected and self.sender.offers(self.event)
        )
        if not offered or any(a is not b for a, b in zip(self.lists, self.now(), strict=True)):
            self.sender.router.met.add("silent")
        if not self.sender.router.ours:
            self.fire(data, self.lists)
        elif offered:
            self.fire(data, self.now())

    def fire(self, data: Any, lists: list[list[Listener]]) -> None:
        for listener in [each for listeners in lists for each in listeners]:
            try:
                listener({"sender": self.sender.name, "event": self.event}, data)
            except ArithmeticError:
                self.sender.router.met.add("raises")
                if not self.sender.router.ours:
                    raise


class Router:
    """Senders by name, and those who listen to any: by channel, and under None to everything."""

    def __init__(self, *, ours: bool) -> None:
        self.ours = ours
        self.met: set[str] = set()
        self.senders: dict[str, Sender] = {}
        self.any: dict[str | None, list[Listener]] = {None: []}

    def getSender(self, name: str, create: bool = False) -> Sender | None:
        if create and name not in self.senders:
            self.senders[name] = Sender(self, name)
        found = self.senders.get(name)
        if found is not None:
            found.kept = found.kept or create
        return found

    def addListener(self, listener: Listener, sender: str | None = None, event: str | None = None) -> bool:
        if sender is None:
            self.any.setdefault(event, []).append(listener)
            return True
        found = self.senders.setdefault(sender, Sender(self, sender))
        if found.connected and not found.offers(event):
            return False
        found.listeners.setdefault(event, []).append(listener)
        return True

    def removeListener(self, listener: Listener, sender: str | None = None, event: str | None = None) -> bool:
        found = None if sender is None else self.senders.get(sender)
        if sender is not None and found is None:
            return False
        listeners = (self.any if found is None else found.listeners).get(event, [])
        if listener not in listeners:
            return False
        listeners.remove(listener)
        if found is not None and not found.connected and not found.hasListeners():
            self.let_go(found)
        return True

    def let_go(self, sender: Sender) -> None:
        """Of one that is not connected, and that nobody listens to."""
        if sender.kept:
            self.met.add("remembered")
        if not (self.ours and sender.kept):
            del self.senders[sender.name]

    def addSender(
        self, name: str, events: list[str] | str | None, requests: dict[str | None, Any] | None = None
    ) -> Sender:
        names: list[str | None] = list(events) if isinstance(events, list) else [events]
        refused = events is None and requests is None
        nothing = not {*names} - {None, CONNECT, DISCONNECT} and not requests
        self.met |= {"nothing"} if nothing != refused else set()
        self.met |= {"unnamed"} if not name else set()
        if (nothing or not name) if self.ours else refused:
            raise ValueError
        found = self.senders.setdefault(name, Sender(self, name))
        if found.connected:
            raise NameError
        if requests == {}:
            self.met.add("no methods")
        found.take_up(names)
        found.methods = None if self.ours and requests == {} else requests
        found.connected = found.kept = True
        come = Signal(found, CONNECT)
        come.fire(found.offered(), come.lists)
        return found

    def removeSender(self, sender: Sender | str | None) -> bool:
        if sender is None:
            raise ValueError
        if isinstance(sender, Sender) and sender.router is not self:
            self.met.add("other router")
            if self.ours:
                raise LookupError
            return False
        found = sender if isinstance(sender, Sender) else self.senders.get(sender)
        if found is None or not found.connected:
            return False
        data = found.offered()
        found.connected, found.methods = False, None
        if self.ours:
            found.declared = set()
        gone = Signal(found, DISCONNECT)
        gone.fire(data, gone.lists)
        if not found.hasListeners():
            self.let_go(found)
        return True

    def request(self, sender: str, method: str | None, params: Any = None) -> Any:
        found = self.senders.get(sender)
        if found is None:
            self.met.add("unknown")
            raise LookupError if self.ours else AttributeError
        if not found.connected:
            if method is None:
                self.met.add("no method")
                raise ValueError if self.ours else NameError
            raise NameError
        return found.request(method, params)
