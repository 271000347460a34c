"""Router: where senders and listeners meet, inside one process.

Threads: any method may be called from any thread, also by a listener that is being called. One lock
guards the tables of subscriptions; it is never held while user code runs. It is re-entrant only because
a garbage collection may run a finalizer that unsubscribes, in the middle of our own work.

A trigger runs on its caller's thread, on the targets as they were when it began: a listener that another
thread removes meanwhile may still be called once.

#connect and #disconnect of one sender are delivered in the order in which they happened, each to all of
its listeners before the next: a thread that adds or removes a sender while another (or an outer call of
the same thread) is still delivering leaves its own event to that one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Literal, overload

from sig import asking, log
from sig.errors import UnknownSender
from sig.event import BUILTIN_EVENTS, EVENT_CONNECT, EVENT_DISCONNECT, Callback, Event
from sig.lifecycle import Lifecycle
from sig.listing import listing
from sig.sender import AnyRouter, Handlers, Sender, check_name
from sig.signals import Signal
from sig.subscription import Adding, Removing, Subscription


class Router:
    """Connects senders with listeners. The three classes may be replaced here, or on the router later."""

    def __init__(
        self,
        class_sender: type[Sender] = Sender,
        class_signal: type[Signal] = Signal,
        class_event: type[Event] = Event,
    ) -> None:
        self.class_sender = class_sender
        self.class_signal = class_signal
        self.class_event = class_event
        self.lock = threading.RLock()
        self._senders: dict[str, Sender] = {}
        self._broadcast: list[Callback] = []
        self._channels: dict[str, list[Callback]] = {}
        # Events whose targets are merged now, by name: those that a new broadcast or channel
        # subscription has to visit. Each is visited once per merge: a change costs no more than merges did.
        self._resolved: dict[str, set[Event]] = {}
        self._changes = 0
        self._lifecycle = Lifecycle(self.lock)
        # Senders and events made since the log was told of the last ones.
        self._made: list[str] = []

    @property
    def face(self) -> AnyRouter:
        """The router as its user knows it; what a sender's `getRouter` returns."""
        return self

    def addListener(self, callback: Callback, sender: str | None = None, event: str | None = None) -> bool:
        """Have `callback(info, data)` called: the four kinds of subscription.

        sender and event: that event of that sender; sender only: all its events; neither: every event
        of every sender; event only: the channel, that is every sender that declared the event with its
        leading `#`. A subscription may come before its sender, and stays until it is removed; one made
        twice is called twice. False, with a logged warning, if the sender is connected and does not
        declare the event.
        """
        return self.subscribe(callback, sender, event, keep=False)

    def listen(
        self, callback: Callback, sender: str | None = None, event: str | None = None, *, remote: bool = False
    ) -> Subscription:
        """`addListener`, as an object that ends the subscription: by `close()`, or as a context manager.

            with router.listen(callback, "temp", "hot"):
                ...

        `remote`: of a ClientRouter, at the server (`addRemoteListener`). Raises LookupError if the sender is
        connected and does not declare the event, TypeError for `remote` of any other router, and what
        adding the listener raises.
        """
        add, remove = self.listening(remote)
        return Subscription(add, remove, callback, sender, event)

    def removeListener(self, callback: Callback, sender: str | None = None, event: str | None = None) -> bool:
        """End one subscription made with the same arguments; False if there is none."""
        with self.lock:
            if sender is None:
                found = self._broadcast if event is None else self._channels.get(event, [])
                if callback not in found:
                    return False
                found.remove(callback)
                if event is not None and not found:
                    del self._channels[event]
                self._forget_targets(event)
                return True
            target = self._senders.get(sender)
            if target is None:
                return False
            specific = target._events.get(event) if event is not None else None
            listeners = target._broadcast if event is None else specific.listeners if specific else []
            if callback not in listeners:
                return False
            listeners.remove(callback)
            for each in target._events.values() if specific is None else [specific]:
                self._forget_targets_of(each)
            if specific is not None and not specific.listeners and not specific.was_declared:
                del target._events[specific.name]
            self.forget(target)
            return True

    def addSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """Connect a sender, and deliver its #connect on this thread.

        `events`: names, or one name; a leading `#` makes it a channel. `requests`: a dict of method name to
        `handler(params)`; the key None is for any other method: `handler(method, params)`. Data of #connect:
        `{"events": [names], "requests": [methods] or None}`, the built-in events first.

        Raises ValueError (no name, or neither events nor requests), TypeError (a name that is no string, a
        handler that is not callable), NameError (a sender of that name is connected).
        """
        sender = self.register(name, events, requests)
        sender._kept = True
        self.deliver_lifecycle(name)
        return sender

    def removeSender(self, sender: Sender | str) -> bool:
        """Disconnect a sender, given itself or its name, and deliver its #disconnect on this thread.

        Its handlers are dropped; its listeners stay for the next connect. False if it is not connected;
        ValueError for None, UnknownSender for a sender of another router.
        """
        if sender is None:
            raise ValueError("which sender to remove? Pass it, or its name, not None")
        self.check_own(sender)
        removed = self.unregister(sender)
        if removed is None:
            return False
        self.deliver_lifecycle(removed.getName())
        return True

    @overload
    def getSender(self, name: str, create: Literal[True]) -> Sender: ...
    @overload
    def getSender(self, name: str, create: bool = False) -> Sender | None: ...
    def getSender(self, name: str, create: bool = False) -> Sender | None:
        """The sender of that name, connected or not; None if nobody added it or listens to it.

        `create`: make it then, disconnected, and keep it, listened to or not.
        """
        if not create:
            return self._senders.get(name)
        sender = self._sender_of(name)
        sender._kept = True
        self.tell_made()
        return sender

    def _sender_of(self, name: str) -> Sender:
        """The sender of that name, made if there is none; kept only as long as somebody needs it."""
        sender = self._senders.get(name)
        if sender is not None:
            return sender
        check_name("a sender", name)
        with self.lock:
            sender = self._senders.get(name)
            if sender is None:
                sender = self._senders[name] = self.class_sender(self, name)
                self.note_made(f"sender '{name}' created")
            return sender

    def request(self, sender: Sender | str, method: str, params: Any = None) -> Any:
        """Call the handler of `sender` (its name, or itself) for `method`, and return what it returns.

        Raises UnknownSender, and all that `Sender.request` raises. It runs on this thread.
        """
        self.check_own(sender)
        target = sender if isinstance(sender, Sender) else self._senders.get(sender)
        if target is None:
            asking.unknown(str(sender), method)
            raise UnknownSender(f"there is no sender '{sender}'")
        return target.request(method, params)

    def listSenders(self) -> list[Sender]:
        """All senders, connected or not, in the order in which they were first heard of."""
        with self.lock:
            return list(self._senders.values())

    def __str__(self) -> str:
        with self.lock:
            title = f"{type(self).__name__}: {len(self._senders)} senders"
            return "\n".join([title, *listing(self._broadcast, self._channels, self._senders.values())])

    # What follows is for senders and for the routers that serve a network.

    def listening(self, remote: bool) -> tuple[Adding, Removing]:
        """What makes a subscription, and what ends it."""
        if remote:
            raise TypeError(f"remote=True is for a ClientRouter, got a {type(self).__name__}")
        return self.addListener, self.removeListener

    def note_made(self, what: str) -> None:
        """A sender or event is new; `tell_made` logs it, as a logger is user code. With the lock."""
        if not log.is_silent():
            self._made.append(what)

    def tell_made(self) -> None:
        """Log what is new. Call without the lock."""
        if not self._made:
            return
        with self.lock:
            made, self._made = self._made, []
        for what in made:
            with log.harmless:
                log.get().trace(what)

    def check_own(self, sender: Sender | str) -> None:
        """Raise UnknownSender if it is another router's, which may have one of the same name."""
        if isinstance(sender, Sender) and sender._router is not self:
            raise UnknownSender(f"the sender '{sender.getName()}' belongs to another router")

    def subscribe(self, callback: Callback, sender: str | None, event: str | None, keep: bool) -> bool:
        """`addListener`; with `keep` also to an event that a connected sender does not declare now."""
        if not callable(callback):
            raise TypeError(f"a listener must be callable as callback(info, data), got {callback!r}")
        with self.lock:
            done = self._subscribe(callback, sender, event, keep)
        self.tell_made()
        if not done:
            with log.harmless:
                log.get().warning(
                    f"sender '{sender}' does not declare the event '{event}': not listening to it"
                )
        return done

    def _subscribe(self, callback: Callback, sender: str | None, event: str | None, keep: bool) -> bool:
        if sender is None:
            found = self._broadcast if event is None else self._channels.setdefault(event, [])
            found.append(callback)
            self._forget_targets(event)
            return True
        target = self._sender_of(sender)
        if event is None:
            target._broadcast.append(callback)
            for each in target._events.values():
                self._forget_targets_of(each)
            return True
        if not (keep or not target.isConnected() or target.declares(event)):
            return False
        specific = target.event(event)
        specific.listeners.append(callback)
        self._forget_targets_of(specific)
        return True

    def register(self, name: str, events: Iterable[str] | str | None, requests: Handlers | None) -> Sender:
        """`addSender`, but for delivering the #connect: runs no user code."""
        check_name("a sender", name)
        names = _event_names(events)
        for method, handler in (requests or {}).items():
            if not callable(handler):
                raise TypeError(f"the handler of '{method}' of sender '{name}' is not callable: {handler!r}")
        if not names and not requests:
            raise ValueError(f"sender '{name}' needs events, or request handlers, or both")
        handlers = dict(requests) if requests else None
        with self.lock:
            sender = self._sender_of(name)
            if sender.isConnected():
                raise NameError(
                    f"a sender '{name}' is connected already: remove it first, or choose another name"
                )
            sender.connect(names, handlers)
            waiting = [e.name for e in sender._events.values() if e.listeners and not e.declared]
            data = _offered(sender)
            self._lifecycle.note(sender, EVENT_CONNECT, data, waiting)
        return sender

    def unregister(self, sender: Sender | str) -> Sender | None:
        """`removeSender`, but for delivering the #disconnect; None if it is not connected."""
        with self.lock:
            found = sender if isinstance(sender, Sender) else self._senders.get(sender)
            if found is None or not found.isConnected():
                return None
            data = _offered(found)
            found.disconnect()
            self._lifecycle.note(found, EVENT_DISCONNECT, data)
            return found

    def deliver_lifecycle(self, name: str) -> None:
        """Deliver what `register` and `unregister` of that sender have left to be delivered or logged."""
        self.tell_made()
        self._lifecycle.deliver(name)

    def is_told(self, name: str) -> bool:
        """Whether all listeners have heard what has become of that sender. Call with the lock held."""
        return not self._lifecycle.is_pending(name)

    def forget(self, sender: Sender) -> None:
        """Drop a sender that is not connected, that nobody listens to, and that this router did not add."""
        with self.lock:
            if sender.is_dormant() and self._senders.get(sender.getName()) is sender:
                del self._senders[sender.getName()]
                for event in sender._events.values():
                    self._resolved.get(event.name, set()).discard(event)

    def make_signal(self, sender: Sender, name: str) -> Signal | None:
        """`Sender.getSignal` for the first time since its connect."""
        with self.lock:
            event = sender._events.get(name)
            if event is None or not event.declared or not sender.isConnected():
                return None
            return sender._signals.setdefault(name, sender.new_signal(name))

    def resolve(self, sender: Sender, event: Event) -> tuple[Callback, ...]:
        """Merge who a trigger of `event` reaches, and keep the answer in `event.targets`."""
        with self.lock:
            while (known := event.targets) is None:
                changes = self._changes
                channel = self._channels.get(event.name, []) if event.isChannel() else []
                known_here = (*self._broadcast, *sender._broadcast, *channel, *event.listeners)
                targets = (*known_here, *self.further_targets(sender, event))
                if self._senders.get(sender.getName()) is not sender:
                    # its last #disconnect, after it was forgotten: nobody would have it merged anew
                    return targets
                # A finalizer may have changed a list while we merged: see the top of this file.
                if changes == self._changes:
                    self._resolved.setdefault(event.name, set()).add(event)
                    event.keep_targets(targets)
            return known

    def further_targets(self, sender: Sender, event: Event) -> Iterable[Callback]:  # noqa: ARG002 - see below
        """Who hears a trigger last: of a router that has more kinds of subscription. With the lock held."""
        return ()

    def _forget_targets(self, channel: str | None) -> None:
        """Have merged again: every event, or those of one channel."""
        self._changes += 1
        names = list(self._resolved) if channel is None else [channel]
        for name in names:
            for event in self._resolved.pop(name, ()):
                event.forget_targets()

    def _forget_targets_of(self, event: Event) -> None:
        self._changes += 1
        event.forget_targets()


def _offered(sender: Sender) -> dict[str, Any]:
    """The data of its #connect and #disconnect."""
    return {"events": [*BUILTIN_EVENTS, *sender.getEvents()], "requests": sender.getRequests()}


def _event_names(events: Iterable[str] | str | None) -> list[str]:
    """The names once each, in order, without the built-in ones, which every sender has."""
    names = [events] if isinstance(events, str) else list(events or ())
    for name in names:
        check_name("an event", name)
    return [name for name in dict.fromkeys(names) if name not in BUILTIN_EVENTS]
