"""Sender: a named source of events that may also answer requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any, Literal, Protocol, overload

from sig import asking
from sig.errors import NotConnected, UnknownMethod
from sig.event import BUILTIN_EVENTS, Callback, Event
from sig.signals import Signal

# A method's handler is called as handler(params), the default one (key None) as handler(method, params).
Handlers = Mapping[str | None, Callable[..., Any]]


class AnyRouter(Protocol):
    """The router of a sender, as its users know it; `sig.Router` says what each does."""

    def addListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool: ...
    def removeListener(
        self, callback: Callback, sender: str | None = None, event: str | None = None
    ) -> bool: ...
    def addSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender: ...
    def removeSender(self, sender: Sender | str) -> bool: ...
    @overload
    def getSender(self, name: str, create: Literal[True]) -> Sender: ...
    @overload
    def getSender(self, name: str, create: bool = False) -> Sender | None: ...
    def listSenders(self) -> list[Sender]: ...
    def request(self, sender: Sender | str, method: str, params: Any = None) -> Any: ...


class Home(AnyRouter, Protocol):
    """The router of a sender, as the sender knows it."""

    lock: RLock
    class_signal: type[Signal]
    class_event: type[Event]

    @property
    def face(self) -> AnyRouter: ...
    def make_signal(self, sender: Sender, name: str) -> Signal | None: ...
    def resolve(self, sender: Sender, event: Event) -> tuple[Callback, ...]: ...
    def note_made(self, what: str) -> None: ...
    def tell_made(self) -> None: ...


class Sender:
    """One sender of one router, made by `router.addSender`, or by listening to it beforehand.

    It survives any number of connects and disconnects with its listeners. `class_signal` and `class_event`
    may be set on the sender, to override those of its router from its next connect on.
    """

    def __init__(self, router: Home, name: str) -> None:
        self.class_signal: type[Signal] | None = None
        self.class_event: type[Event] | None = None
        self._router = router
        self._name = name
        self._connected = False
        # Whether this router itself offers it: then it is remembered while it is disconnected.
        self._kept = False
        self._requests: Handlers | None = None
        self._broadcast: list[Callback] = []
        self._events: dict[str, Event] = {}
        self._declared: Sequence[str] = ()
        self._signals: dict[str, Signal] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r} {'connected' if self._connected else 'disconnected'}>"

    def getName(self) -> str:
        """The name it was added with."""
        return self._name

    def getRouter(self) -> AnyRouter:
        """The router that it belongs to."""
        return self._router.face

    def isConnected(self) -> bool:
        """Whether it has been added and not removed since."""
        return self._connected

    def getEvents(self) -> list[str]:
        """The events it declares, in the order declared; without the built-in #connect and #disconnect."""
        with self._router.lock:
            return list(self._declared)

    @overload
    def getEvent(self, event: str, create: Literal[True]) -> Event: ...
    @overload
    def getEvent(self, event: str, create: bool = False) -> Event | None: ...
    def getEvent(self, event: str, create: bool = False) -> Event | None:
        """The event of that name, declared or not; None if nobody has declared it or listened to it.

        `create`: make it then. That does not declare it, and a trigger of it reaches nobody.
        """
        if not create:
            return self._events.get(event)
        check_name("an event", event)
        with self._router.lock:
            found = self.event(event)
        self._router.tell_made()
        return found

    def getRequests(self) -> list[str | None] | None:
        """The methods it has handlers for (None: any other); None when it answers no requests."""
        requests = self._requests
        return None if requests is None else list(requests)

    def getSignal(self, event: str) -> Signal | None:
        """The signal that triggers `event`; None if the sender is disconnected or does not declare it.

        It is the same object until the sender reconnects, and stays good after that; see Signal.
        """
        signal = self._signals.get(event)
        return signal if signal is not None else self._router.make_signal(self, event)

    def request(self, method: str, params: Any = None) -> Any:
        """Call the sender's handler for `method` on this thread and return what it returns.

        Raises NotConnected, UnknownMethod (no handler for it and no default one), ValueError (`method` is
        None), and whatever the handler raises. That is logged, too, as an error.
        """
        asking.begins(self._name, method)
        try:
            handler, is_default = self.handler(method)
        except Exception as err:
            asking.refused(self._name, method, err)
            raise
        try:
            return handler(method, params) if is_default else handler(params)
        except Exception as err:
            asking.failed(self._name, method, err)
            raise

    def handler(self, method: str) -> tuple[Callable[..., Any], bool]:
        """What answers `method`, and whether that is the default handler. Raises as `request` does."""
        if method is None:
            raise ValueError("a request needs a method: pass its name, not None")
        handlers = self._requests
        if not self._connected:
            raise NotConnected(f"sender '{self._name}' is not connected")
        if handlers is None:
            raise UnknownMethod(f"sender '{self._name}' answers no requests (asked for '{method}')")
        handler = handlers.get(method)
        if handler is not None:
            return handler, False
        handler = handlers.get(None)
        if handler is None:
            known = ", ".join(sorted(name for name in handlers if name is not None))
            raise UnknownMethod(f"sender '{self._name}' has no method '{method}'; it has: {known}")
        return handler, True

    def addListener(self, callback: Callback, event: str | None = None) -> bool:
        """Subscribe to `event` of this sender, or to all of its events; see `Router.addListener`."""
        return self._router.addListener(callback, self._name, event)

    def removeListener(self, callback: Callback, event: str | None = None) -> bool:
        """End that subscription; False if there is none."""
        return self._router.removeListener(callback, self._name, event)

    def hasListeners(self, event: str | None = None) -> bool:
        """Whether a subscription names this sender, or, with `event`, exactly that event of it."""
        return self.countListeners(event) > 0

    def countListeners(self, event: str | None = None) -> int:
        """How many subscriptions name this sender, or, with `event`, exactly that event of it.

        Router broadcasts and channels name no sender, and are not counted.
        """
        with self._router.lock:
            if event is not None:
                found = self._events.get(event)
                return len(found.listeners) if found is not None else 0
            return len(self._broadcast) + sum(len(e.listeners) for e in self._events.values())

    def remove(self) -> bool:
        """Disconnect it; see `Router.removeSender`."""
        return self._router.removeSender(self)

    def resolve(self, event: Event) -> tuple[Callback, ...]:
        """Merge who a trigger of `event` reaches, and keep that in the event until something changes."""
        return self._router.resolve(self, event)

    # What follows is the router's side of it: call with the router's lock held.

    def event(self, name: str) -> Event:
        """The event of that name, made if it is new."""
        found = self._events.get(name)
        if found is None:
            found = self._events[name] = (self.class_event or self._router.class_event)(self, name)
            self._router.note_made(f"event '{name}' created for sender '{self._name}'")
            if name in BUILTIN_EVENTS:
                found.declare(True)
        return found

    def declares(self, name: str) -> bool:
        """Whether the event is offered now; the built-in ones always are."""
        found = self._events.get(name)
        return name in BUILTIN_EVENTS or (found is not None and found.declared)

    def new_signal(self, name: str) -> Signal:
        """A new signal of that event, of the class in force."""
        return (self.class_signal or self._router.class_signal)(self.event(name))

    def connect(self, names: list[str], requests: Handlers | None) -> None:
        """Take up these events and handlers; all others become dormant."""
        wanted = {*names, *BUILTIN_EVENTS}
        for name in (*BUILTIN_EVENTS, *names):
            self.event(name).declare(True)
        for name, event in self._events.items():
            if name not in wanted:
                event.declare(False)
        self._declared = names
        self._signals.clear()
        self._requests = requests
        self._connected = True

    def disconnect(self) -> None:
        """Drop the handlers, and silence every event but #connect and #disconnect."""
        self._connected = False
        self._requests = None
        self._declared = ()
        self._signals.clear()
        for event in self._events.values():
            if event.name not in BUILTIN_EVENTS:
                event.declare(False)

    def is_dormant(self) -> bool:
        """Whether nothing would be lost by forgetting it: not connected, not ours, nobody listens."""
        if self._connected or self._kept or self._broadcast:
            return False
        return not any(e.listeners for e in self._events.values())


def check_name(what: str, name: Any) -> None:
    """Raise unless `name` can name a sender or an event."""
    if name is None or name == "":
        raise ValueError(f"{what} needs a name")
    if not isinstance(name, str):
        raise TypeError(f"the name of {what} must be a string, got {name!r}")
