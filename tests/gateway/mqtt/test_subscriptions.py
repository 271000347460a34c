"""What is subscribed to, with wildcards and without; no network."""

from typing import Any

import pytest

import sig
from gateway.mqtt import subscriptions
from gateway.mqtt.subscriptions import Subscriptions
from gateway.mqtt.topics import Topics


class Life:
    """A router, and what was subscribed to."""

    def __init__(self) -> None:
        self.router = sig.Router()
        self.topics: list[str] = []
        self.subscriptions = Subscriptions(
            Topics("g"), self.router, ("fixed",), lambda *topics: self.topics.extend(topics)
        )

    def add(self, name: str, *methods: str | None) -> None:
        handlers: dict[str | None, Any] = {method: lambda *_: None for method in methods}
        self.router.addSender(name, [], handlers)
        self.subscriptions.sender(name)

    def up(self, *, wildcards: bool) -> list[str]:
        self.topics.clear()
        self.subscriptions.up(wildcards=wildcards)
        return self.topics


def test_wildcards() -> None:
    """One for all methods, now and later."""
    life = Life()
    life.add("a", "read")
    assert life.up(wildcards=True) == ["sig/g/+/request/+", "fixed"]
    life.add("b", "read")
    assert len(life.topics) == 2


def test_one_by_one() -> None:
    """Each method once for a connection, also of those that come later, or come again with more."""
    life = Life()
    life.add("a/x", "read", "last", None)
    known = ["sig/g/a%2Fx/request/read", "sig/g/a%2Fx/request/last"]
    assert life.up(wildcards=False) == ["fixed", *known]
    life.add("b", "read")
    life.subscriptions.sender("b")
    life.subscriptions.sender("nobody")
    assert life.topics[3:] == ["sig/g/b/request/read"]
    life.router.removeSender("b")
    life.add("b", "read", "more")
    assert life.topics[4:] == ["sig/g/b/request/more"]
    life.subscriptions.down()
    life.add("c", "read")
    assert len(life.topics) == 5
    assert len(life.up(wildcards=False)) == 6


def test_bound(caplog: pytest.LogCaptureFixture) -> None:
    """There are only so many; the first that is left out is told of, once."""
    life = Life()
    life.up(wildcards=False)
    for number in range(subscriptions.MOST):
        life.add(str(number), "read", "last")
    assert len(life.topics) == 1 + subscriptions.MOST
    (text,) = caplog.messages
    assert f"more than {subscriptions.MOST} methods" in text
    assert f"sig/g/{subscriptions.MOST // 2}/request/read" in text
    assert len(life.up(wildcards=False)) == 1 + subscriptions.MOST
    assert len(caplog.messages) == 1
