"""`gateway.fleet.patterns` and `names`: the four kinds of subscription, over names of three parts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.fleet.keys import EVERY, Gateway
from gateway.fleet.patterns import PatternRouter
from sig.sender import Sender

NAMES = ("north/a/temp", "north/b/temp", "south/a/temp", "north/a/hum")


def _router(near: Gateway | None = None) -> PatternRouter:
    return PatternRouter(Sender, near)


def _heard_by(pattern: str | None, event: str | None) -> list[str]:
    """Of which sender's `#changed` and `hot` who subscribed so hears."""
    router, heard = _router(), []

    def listener(info: dict[str, Any], _data: Any) -> None:
        if info["event"] in ("#changed", "hot"):
            heard.append(f"{info['sender']} {info['event']}")

    router.addListener(listener, pattern, event)
    for name in NAMES:
        sender = router.addSender(name, ["#changed", "hot"])
        for each in ("#changed", "hot"):
            signal = sender.getSignal(each)
            assert signal is not None
            signal.trigger()
    return heard


@pytest.mark.parametrize(
    ("pattern", "senders"),
    [
        ("north/a/temp", NAMES[:1]),
        ("north/*/temp", NAMES[:2]),
        ("*/a/temp", (NAMES[0], NAMES[2])),
        ("*/*/temp", NAMES[:3]),
        ("north/a/*", (NAMES[0], NAMES[3])),
        ("*/*/*", NAMES),
        (None, NAMES),
        ("west/*/*", ()),
    ],
)
def test_who_is_heard(pattern: str | None, senders: tuple[str, ...]) -> None:
    """All events of those, or one."""
    assert _heard_by(pattern, None) == [
        f"{name} {event}" for name in senders for event in ("#changed", "hot")
    ]
    assert _heard_by(pattern, "#changed") == [f"{name} #changed" for name in senders]
    if pattern is not None:  # without a sender, hot would be a channel, which it is not
        assert _heard_by(pattern, "hot") == [f"{name} hot" for name in senders]


def test_also_of_who_came_before_and_whoever_comes_later() -> None:
    """#connect too; and each subscription is one call, those by pattern last."""
    router, heard = _router(), []
    first = router.addSender("north/a/temp", ["hot"])
    signal = first.getSignal("hot")
    assert signal is not None
    signal.trigger()  # its listeners are merged, and have to be again
    router.addListener(lambda info, _data: heard.append(("pattern", info["event"])), "north/*/temp")
    router.addListener(lambda info, _data: heard.append(("one", info["event"])), "north/a/temp", "hot")
    signal.trigger()
    router.addSender("north/b/temp", ["hot"])
    assert heard == [("one", "hot"), ("pattern", "hot"), ("pattern", "#connect")]


def test_a_subscription_ends() -> None:
    """One of two; and none that was not made."""
    router, heard = _router(), []

    def listener(_info: object, _data: object) -> None:
        heard.append(1)

    sender = router.addSender("north/a/temp", ["hot"])
    signal = sender.getSignal("hot")
    assert signal is not None
    for _ in range(2):
        assert router.addListener(listener, "north/*/temp", "hot")
    assert router.wanted() == [Gateway("north", "*")]
    signal.trigger()
    assert router.removeListener(listener, "north/*/temp", "hot")
    assert not router.removeListener(listener, "*/*/temp", "hot")
    assert not router.removeListener(listener, "north/*/temp")
    signal.trigger()
    assert len(heard) == 3
    assert router.removeListener(listener, "north/*/temp", "hot")
    assert not router.removeListener(listener, "north/*/temp", "hot")
    signal.trigger()
    assert len(heard) == 3
    assert router.wanted() == []


def test_whose_events_are_wanted() -> None:
    """Those that somebody listens to, until nobody does; coming and going takes none."""
    router = _router()
    for sender, event in ((None, "#connect"), ("north/a/temp", "#disconnect")):
        router.addListener(print, sender, event)
    assert router.wanted() == []
    with router.listen(print, "north/a/temp", "hot"), router.listen(print), router.listen(print, None, "#x"):
        assert router.wanted() == [Gateway("north", "a"), EVERY]
    assert router.wanted() == []
    router.addSender("south/a/temp", ["hot"])
    assert not router.addListener(print, "south/a/temp", "cold")
    assert router.wanted() == []


def test_near_names_are_short() -> None:
    """Those of one gateway: in what is written, and in what is told."""
    router, heard = _router(Gateway("north", "a")), []
    router.addListener(lambda info, _data: heard.append(info["sender"]), "*/*/temp", "#connect")
    router.addListener(lambda info, _data: heard.append(info["sender"]), "temp", "#connect")
    router.addSender("north/a/temp", ["hot"])
    router.addSender("south/a/temp", ["hot"])
    assert heard == ["temp", "temp", "south/a/temp"]
    assert router.getSender("north/a/temp") is router.getSender("temp")
    near = router.getSender("west/a/x%2Fy", create=True)
    assert near.getName() == "west/a/x%2Fy"
    assert router.getSender("a%2Fb", create=True).getName() == "a%2Fb"


@pytest.mark.parametrize("name", ["temp", "a/b", "a//c", "a/b/c/d", "a*/b/c", ""])
def test_no_name(name: str) -> None:
    """Says what one is."""
    for use in (lambda: _router().addListener(print, name), lambda: _router().getSender(name)):
        with pytest.raises(ValueError, match=r"site/gateway/sender|\* stands"):
            use()


def test_one_is_expected() -> None:
    """Not several; and a listener that can be called."""
    with pytest.raises(ValueError, match="expected one sender"):
        _router().getSender("north/*/temp")
    with pytest.raises(TypeError, match="must be callable"):
        _router().addListener("no", "north/*/temp")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a string"):
        _router().addListener(print, 5)  # type: ignore[arg-type]
