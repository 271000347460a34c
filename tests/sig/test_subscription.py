"""`Router.listen`: a subscription that can be ended by itself."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import sig
from sig.carrier.local import LocalCarrier
from sig.subscription import Subscription
from tests.sig.netkit import Inbox, Net, signal_of

KINDS: list[tuple[str | None, str | None]] = [("s", "#e"), ("s", None), (None, None), (None, "#e")]


class Heard(list[Any]):
    """A listener that keeps the data."""

    def __call__(self, info: dict[str, Any], data: Any) -> None:
        """Keep it, but not of #connect and #disconnect."""
        if info["event"] == "#e":
            self.append(data)


def fail_in(subscription: sig.Subscription) -> None:
    """Raise in its block."""
    with subscription:
        raise ZeroDivisionError


@pytest.mark.parametrize(("sender", "event"), KINDS)
def test_it_lasts_to_the_end_of_its_block(sender: str | None, event: str | None) -> None:
    """Each of the four kinds; an exception ends it, too, and is let through."""
    router, heard = sig.Router(), Heard()
    signal = signal_of(router.addSender("s", ["#e"]), "#e")
    with router.listen(heard, sender, event) as subscription:
        signal.trigger(1)
    signal.trigger(2)
    with pytest.raises(ZeroDivisionError):
        fail_in(router.listen(heard, sender, event))
    signal.trigger(3)
    assert heard == [1]
    assert isinstance(subscription, sig.Subscription)


def test_before_its_sender_is_there() -> None:
    """As any other subscription; and it stays though nobody keeps the object."""
    router, heard = sig.Router(), Heard()
    router.listen(heard, "s", "#e")
    signal_of(router.addSender("s", ["#e"]), "#e").trigger(1)
    assert heard == [1]


def test_closing_it_again_ends_no_other() -> None:
    """Any number of times, though the same listener is subscribed twice; of two the older one is ended."""
    router, heard = sig.Router(), Heard()
    signal = signal_of(router.addSender("s", ["#e"]), "#e")
    first = router.listen(heard, "s", "#e")
    router.listen(heard, "s", "#e")
    first.close()
    first.close()
    signal.trigger(1)
    assert heard == [1]
    assert repr(first) == "<Subscription to sender s, event #e, closed>"
    assert repr(router.listen(heard)) == "<Subscription to sender (any), event (any)>"


def test_many_threads_close_it() -> None:
    """One of them ends the subscription, once."""
    for _ in range(50):
        ended: list[Any] = []
        barrier = threading.Barrier(4)

        def removing(*what: Any, ended: list[Any] = ended) -> bool:
            ended.append(what)
            return True

        subscription = Subscription(lambda *_: True, removing, print, "s", "e")

        def close(subscription: Subscription = subscription, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            subscription.close()

        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ended == [(print, "s", "e")]


def test_closed_by_its_own_listener() -> None:
    """Which is called once."""
    router = sig.Router()
    heard: list[Any] = []
    subscriptions: list[sig.Subscription] = []

    def once(_info: dict[str, Any], data: Any) -> None:
        heard.append(data)
        subscriptions[0].close()

    subscriptions.append(router.listen(once, "s", "e"))
    signal = signal_of(router.addSender("s", ["e"]), "e")
    signal.trigger(1)
    signal.trigger(2)
    assert heard == [1]


def test_an_event_that_its_sender_does_not_declare() -> None:
    """LookupError, in the words of `addListener`'s warning, and nothing is subscribed."""
    router = sig.Router()
    sender = router.addSender("s", ["e"])
    with pytest.raises(LookupError, match="sender 's' does not declare the event 'wet'"):
        router.listen(print, "s", "wet")
    assert not sender.hasListeners()


def test_at_a_server(tcp: Net) -> None:
    """`remote=True` is for a ClientRouter, and listens where `addRemoteListener` does."""
    server, client = tcp.server(), tcp.client()
    sender, heard, here = server.addSender("s", ["e"]), Inbox(), Heard()
    signal = signal_of(sender, "e")
    with client.listen(heard, "s", "e", remote=True), client.listen(here, "s", "e"):
        signal.trigger(1)
        assert heard.data(1) == [1]
        assert not client.removeRemoteListener(here, "s", "e")
    assert not client.removeRemoteListener(heard, "s", "e")
    assert not client.removeListener(here, "s", "e")
    with pytest.raises(LookupError, match="does not declare"):
        client.listen(heard, "s", "wet", remote=True)
    for router in (sig.Router(), sig.ServerRouter(LocalCarrier())):
        with pytest.raises(
            TypeError, match=f"remote=True is for a ClientRouter, got a {type(router).__name__}"
        ):
            router.listen(heard, remote=True)
