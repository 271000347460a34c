"""A stateful test: Router against a model that anybody can check by reading it."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import sig
from tests.support.examples import examples

SENDERS = ("a", "b")
EVENTS = ("plain", "other", "#channel", "#connect", "#disconnect")
LISTENERS = range(3)
senders = st.sampled_from(SENDERS)
events = st.sampled_from(EVENTS)
listeners = st.sampled_from(LISTENERS)


class RouterMachine(RuleBasedStateMachine):
    """The model: a list of (listener, sender, event) in order of subscription, and who declares what."""

    def __init__(self) -> None:
        super().__init__()
        self.router = sig.Router()
        self.subscriptions: list[tuple[int, str | None, str | None]] = []
        self.connected: dict[str, list[str]] = {}
        self.kept: list[sig.Signal] = []
        self.heard: list[tuple[int, str, str]] = []
        self.callbacks = [self.make_callback(number) for number in LISTENERS]

    def make_callback(self, number: int) -> Any:
        def callback(info: dict[str, Any], data: Any) -> None:
            self.heard.append((number, info["sender"], info["event"]))

        return callback

    def expect(self, sender: str, event: str) -> None:
        """The listeners of that event have just been called, and no others."""
        kinds: list[tuple[str | None, str | None]] = [(None, None), (sender, None)]
        kinds += [(None, event)] if event.startswith("#") else []
        kinds += [(sender, event)]
        expected = [
            (number, sender, event)
            for kind in kinds
            for number, *subscribed in self.subscriptions
            if tuple(subscribed) == kind
        ]
        assert self.heard == expected
        self.heard.clear()

    @rule(number=listeners, sender=st.none() | senders, event=st.none() | events)
    def add_listener(self, number: int, sender: str | None, event: str | None) -> None:
        known = event in (None, "#connect", "#disconnect") or event in self.connected.get(
            sender or "", [event]
        )
        assert self.router.addListener(self.callbacks[number], sender, event) is known
        if known:
            self.subscriptions.append((number, sender, event))

    @rule(number=listeners, sender=st.none() | senders, event=st.none() | events)
    def remove_listener(self, number: int, sender: str | None, event: str | None) -> None:
        known = (number, sender, event) in self.subscriptions
        assert self.router.removeListener(self.callbacks[number], sender, event) is known
        if known:
            self.subscriptions.remove((number, sender, event))

    @rule(sender=senders, declared=st.lists(st.sampled_from(EVENTS[:3]), min_size=1))
    def add_sender(self, sender: str, declared: list[str]) -> None:
        if sender in self.connected:
            try:
                self.router.addSender(sender, declared)
            except NameError:
                return
            raise AssertionError("added twice")
        self.router.addSender(sender, declared)
        self.connected[sender] = declared
        self.expect(sender, "#connect")

    @rule(sender=senders)
    def remove_sender(self, sender: str) -> None:
        known = sender in self.connected
        assert self.router.removeSender(sender) is known
        if known:
            del self.connected[sender]
            self.expect(sender, "#disconnect")

    @rule(sender=senders, event=st.sampled_from(EVENTS[:3]))
    def trigger(self, sender: str, event: str) -> None:
        found = self.router.getSender(sender)
        signal = found.getSignal(event) if found is not None else None
        assert (signal is not None) == (event in self.connected.get(sender, []))
        if signal is not None:
            self.kept.append(signal)
            signal.trigger()
            self.expect(sender, event)

    @rule(data=st.data())
    def trigger_kept(self, data: st.DataObject) -> None:
        if not self.kept:
            return
        signal = data.draw(st.sampled_from(self.kept))
        signal.trigger()
        if signal.getEvent() in self.connected.get(signal.getSender(), []):
            self.expect(signal.getSender(), signal.getEvent())

    @invariant()
    def nothing_else_was_heard(self) -> None:
        assert self.heard == []

    @invariant()
    def counts_agree(self) -> None:
        for name in SENDERS:
            sender = self.router.getSender(name)
            count = sum(1 for _, sender_name, _ in self.subscriptions if sender_name == name)
            assert (sender.countListeners() if sender is not None else 0) == count
            assert (sender is not None and sender.isConnected()) == (name in self.connected)


TestRouterMachine = RouterMachine.TestCase
TestRouterMachine.settings = settings(max_examples=examples(150), stateful_step_count=40, deadline=None)
