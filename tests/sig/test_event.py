"""Event: what it keeps for a trigger."""

from __future__ import annotations

from typing import Any

import sig


def test_of_what_is_not_declared() -> None:
    """It reaches nobody, without asking the router, and is thrown away with its last listener."""
    router = sig.Router()
    router.addListener(print, "s", "e")
    router.addListener(print, "s")
    sender = router.getSender("s", create=True)
    event = sender.getEvent("e")
    assert event is not None
    assert (event.declared, event.was_declared, event.targets, event.single) == (False, False, (), None)
    router.removeListener(print, "s", "e")
    assert sender.getEvent("e") is None


def test_of_one_that_was_declared() -> None:
    """It stays, as a kept signal may trigger it."""
    router = sig.Router()
    sender = router.addSender("s", ["e"])
    event = sender.getEvent("e")
    sender.remove()
    router.addListener(print, "s", "e")
    router.removeListener(print, "s", "e")
    assert sender.getEvent("e") is event


def test_the_only_target() -> None:
    """Is kept by itself, as calling it is quicker than a loop over one; until something changes."""
    router = sig.Router()
    heard: list[Any] = []
    listener = lambda _info, data: heard.append(data)  # noqa: E731
    signal = router.addSender("s", ["e"]).getSignal("e")
    assert signal is not None
    event = signal.event
    assert (event.targets, event.single) == (None, None)
    signal.trigger(0)
    assert (event.targets, event.single) == ((), None)
    router.addListener(listener, "s", "e")
    signal.trigger(1)
    assert (event.targets, event.single) == ((listener,), listener)
    router.addListener(listener, "s")
    assert (event.targets, event.single) == (None, None)
    signal.trigger(2)
    assert (event.targets, event.single) == ((listener, listener), None)
    router.removeSender("s")
    assert (event.targets, event.single) == ((), None)
    assert heard[:3] == [1, 2, 2]
