"""A Router of what becomes known of other gateways: their senders come, trigger, and go. No network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gateway.fleet.keys import Gateway, Name
from gateway.fleet.message import Lost
from gateway.fleet.news import Came, Forgotten, Gone, Happened, News, Offer, Reached, Up
from gateway.fleet.patterns import PatternRouter
from gateway.fleet.told import OF_THE_FLEET, told
from sig import log
from sig.router import Router
from sig.sender import Sender


class OthersRouter(PatternRouter):
    """`take_news` and `all_gone` belong to one thread, on which listeners run; the rest is for any. Requests
    to those senders go to `request`."""

    def __init__(self, class_sender: type[Sender], near: Gateway | None) -> None:
        super().__init__(class_sender, near)
        self.on_lost: Callable[[], object] | None = None
        """Called when no router is there any more, as listeners are; `on_back` when one is again."""
        self.on_back: Callable[[], object] | None = None
        self._up: dict[Gateway, bool] = {}
        self._there: dict[Gateway, dict[str, None]] = {}
        self._seen: dict[Gateway, dict[str, None]] = {}

    def gateways(self) -> dict[Gateway, bool]:
        """All that were seen since we connected, and whether each is there now; without those that have been
        away for so long that they are forgotten, see `gateway.fleet.away`."""
        return dict(self._up)

    def is_others(self, name: str) -> bool:
        """Whether a sender of that name is, or was, another gateway's."""
        return name in self._seen.get(self.names.parse(name).gateway, ())

    def take_news(self, news: News) -> None:
        """One after the other, as they have become known. Calls listeners."""
        match news:
            case Came(gateway, sender, offer):
                self._there.setdefault(gateway, {})[sender] = None
                self._came(Name(gateway, sender), offer)
            case Gone(gateway, sender):
                self._there.get(gateway, {}).pop(sender, None)
                self._gone(Name(gateway, sender))
            case Up(gateway, there):
                self._up[gateway] = there
            case Forgotten(gateway):
                for known in (self._up, self._there, self._seen):
                    known.pop(gateway, None)
            case Reached(there):
                hook = self.on_back if there else self.on_lost
                if hook is not None:
                    hook()
            case Happened(gateway, step):
                found = told(step, list(self._there.get(gateway, ())))
                for each in found:
                    self._trigger(Name(gateway, each.sender), each.event, each.data)
                if isinstance(step, Lost) and not found:
                    self._unheard(gateway, step)

    def all_gone(self) -> None:
        """We have left: nobody is there, and of no gateway it is known that it ever was."""
        for gateway, senders in self._there.items():
            for sender in list(senders):
                self.take_news(Gone(gateway, sender))
        for known in (self._up, self._there, self._seen):
            known.clear()

    def _came(self, name: Name, offer: Offer) -> None:
        text = self.names.text(name)
        handlers: dict[str | None, Callable[..., Any]] | None = None
        if offer.requests is not None:
            handlers = {method: partial(self.request, text, method) for method in offer.requests}
        events = [*offer.events, *OF_THE_FLEET]
        self._seen.setdefault(name.gateway, {})[text] = None
        with self.lock:
            sender = self._sender_of(text)
            if sender.isConnected():  # what it offers is another now
                sender.connect(list(dict.fromkeys(events)), handlers)
            else:
                Router.register(self, text, events, handlers)
        self.deliver_lifecycle(text)

    def _gone(self, name: Name) -> None:
        text = self.names.text(name)
        sender = self.unregister(text)
        self.deliver_lifecycle(text)
        if sender is not None:
            self.forget(sender)

    def _unheard(self, gateway: Gateway, lost: Lost) -> None:
        """No listener can be told: it has no sender now, and nobody knows whose they were."""
        text = (
            f"{lost.events} events of the gateway {gateway} are lost, which has no sender now: {lost.reason}"
        )
        log.repeated.note("fleet events lost", text, str(gateway))

    def _trigger(self, name: Name, event: str, data: Any) -> None:
        """Also of a sender that has gone since, and of an event that it has never declared: it has come."""
        text = self.names.text(name)
        sender = self._senders.get(text)
        signal = None if sender is None else sender.getSignal(event)
        if signal is None:
            with self.lock:
                sender = self._sender_of(text)
                sender.event(event).declare(True)
                signal = sender.new_signal(event)
            signal.trigger(data)
            self.forget(sender)
            return
        signal.trigger(data)
