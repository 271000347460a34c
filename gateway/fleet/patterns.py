"""A Router whose senders have a fleet's names, and whose listeners may name patterns of them. No network.

A pattern's listeners are called last of all, in the order of their subscription: after the broadcasts, the
channel and those of exactly that sender.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, overload

from gateway.fleet.keys import EVERY, Gateway, Name
from gateway.fleet.names import Names
from sig.event import BUILTIN_EVENTS, Callback, Event
from sig.router import Router
from sig.sender import Handlers, Sender


class _Pattern(NamedTuple):
    """A subscription to more senders than one."""

    name: Name
    event: str | None
    callback: Callback


class PatternRouter(Router):
    """`near`: the gateway whose senders are called by their last part alone, None: there is none."""

    def __init__(self, class_sender: type[Sender], near: Gateway | None) -> None:
        super().__init__(class_sender)
        self.names = Names(near)
        self._patterns: list[_Pattern] = []
        self._wanted: Counter[Gateway] = Counter()

    def subscribe(self, callback: Callback, sender: str | None, event: str | None, keep: bool) -> bool:
        """See `Router.subscribe`; `sender` may be a pattern, which nobody has to declare an event for. Raises
        ValueError for what is no name."""
        name = None if sender is None else self.names.parse(sender)
        if name is not None and name.is_pattern:
            if not callable(callback):
                raise TypeError(f"a listener must be callable as callback(info, data), got {callback!r}")
            with self.lock:
                self._patterns.append(_Pattern(name, event, callback))
                self._forget_targets(event)
        elif not super().subscribe(callback, name and self.names.text(name), event, keep):
            return False
        self._wants(name, event, 1)
        return True

    def removeListener(self, callback: Callback, sender: str | None = None, event: str | None = None) -> bool:
        """See `Router.removeListener`."""
        name = None if sender is None else self.names.parse(sender)
        if name is None or not name.is_pattern:
            if not super().removeListener(callback, name and self.names.text(name), event):
                return False
        else:
            pattern = _Pattern(name, event, callback)
            with self.lock:
                if pattern not in self._patterns:
                    return False
                self._patterns.remove(pattern)
                self._forget_targets(event)
        self._wants(name, event, -1)
        return True

    def addSender(
        self, name: str, events: Iterable[str] | str | None, requests: Handlers | None = None
    ) -> Sender:
        """See `Router.addSender`. Raises ValueError for what is no name, or a pattern."""
        return super().addSender(self.text(name), events, requests)

    @overload
    def getSender(self, name: str, create: Literal[True]) -> Sender: ...
    @overload
    def getSender(self, name: str, create: bool = False) -> Sender | None: ...
    def getSender(self, name: str, create: bool = False) -> Sender | None:
        """See `Router.getSender`. Raises ValueError for what is no name, or a pattern."""
        return (
            super().getSender(self.text(name), create=True) if create else super().getSender(self.text(name))
        )

    def text(self, name: str) -> str:
        """The name of one sender, as this router has it. Raises ValueError."""
        parsed = self.names.parse(name)
        if parsed.is_pattern:
            raise ValueError(f"expected one sender, got the pattern {name}")
        return self.names.text(parsed)

    def wanted(self) -> list[Gateway]:
        """The gateways, or patterns of them, whose events somebody listens to."""
        with self.lock:
            return list(self._wanted)

    def wanted_changed(self) -> None:
        """That may be others now. Called without the lock."""

    def further_targets(self, sender: Sender, event: Event) -> Iterable[Callback]:
        """See `Router.further_targets`."""
        return [*self._of_patterns(sender, event)]

    def _of_patterns(self, sender: Sender, event: Event) -> Iterator[Callback]:
        if not self._patterns:
            return
        name = self.names.parse(sender.getName())
        for pattern in self._patterns:
            if pattern.event in (None, event.name) and pattern.name.matches(name):
                yield pattern.callback

    def _wants(self, name: Name | None, event: str | None, more: int) -> None:
        """Coming and going takes no events."""
        if event in BUILTIN_EVENTS:
            return
        gateway = EVERY if name is None else name.gateway
        with self.lock:
            self._wanted[gateway] += more
            if not self._wanted[gateway]:
                del self._wanted[gateway]
        self.wanted_changed()
