"""After a reconnect listeners know of every sender what the server knows, and are told it once."""

from __future__ import annotations

from typing import Any

import sig
from sig.presence import MAX_SENDERS, Missed, Presence
from tests.sig.netkit import Inbox, Net, eventually, leave, stop

NOTHING: dict[str, Any] = {"events": [], "requests": None}


def entry(name: str, connected: bool = True, **more: Any) -> dict[str, Any]:
    """A sender as the server describes it."""
    return {"sender": name, "connected": connected, **more}


def known(*names: str) -> Presence:
    """One that has been compared with a server where these senders are connected."""
    presence = Presence()
    presence.begin()
    assert presence.compare([entry(name) for name in names]) == []
    return presence


def test_the_first_time_nothing_is_told() -> None:
    """As nobody is told of senders that were there before he listened."""
    assert known("a").is_known
    assert not Presence().is_known


def test_what_came_and_what_went() -> None:
    """Each is told once."""
    presence = known("a", "b")
    described = [entry("b"), entry("c", events=[{"event": "#changed"}], requests=["read"]), entry("d", False)]
    presence.begin()
    assert sorted(presence.compare(described)) == [
        Missed("a", "#disconnect", NOTHING),
        Missed("c", "#connect", {"events": ["#changed"], "requests": ["read"]}),
    ]
    presence.begin()
    assert presence.compare(described) == []


def test_what_is_heard_counts() -> None:
    """A sender that has been told of since is left alone by an answer that may be older."""
    presence = known("a")
    presence.begin()
    presence.heard("a", "#disconnect", NOTHING)
    presence.heard("b", "#connect", NOTHING)
    assert presence.compare([entry("a")]) == []
    presence.begin()
    assert sorted(presence.compare([entry("a")])) == [
        Missed("a", "#connect", NOTHING),
        Missed("b", "#disconnect", NOTHING),
    ]


def test_data_of_a_disconnect() -> None:
    """It is what the #connect had."""
    presence = known()
    presence.begin()
    presence.heard("a", "#connect", {"events": ["e"], "requests": ["r"]})
    presence.begin()
    assert presence.compare([]) == [Missed("a", "#disconnect", {"events": ["e"], "requests": ["r"]})]


def test_what_no_server_of_ours_answers() -> None:
    """Anything else than senders is passed over."""
    presence = known()
    strange: Any
    for strange in (None, {}, [1, {"sender": 5, "connected": True}, {"sender": "x"}]):
        presence.begin()
        assert presence.compare(strange) == []
    presence.begin()
    found = presence.compare([entry("y", events=[1, {"event": "e"}])])
    assert found == [Missed("y", "#connect", {"events": ["e"], "requests": None})]
    presence.heard(5, "#connect", None)
    presence.begin()
    assert presence.compare([entry("y")]) == []


def test_no_end_of_senders() -> None:
    """Of more than so many no notes are taken."""
    presence = known()
    for number in range(MAX_SENDERS + 5):
        presence.heard(f"s{number}", "#connect", NOTHING)
    presence.begin()
    assert len(presence.compare([])) == MAX_SENDERS


def _lifecycle(client: sig.ClientRouter) -> Inbox:
    inbox = Inbox()
    client.addRemoteListener(inbox, event="#connect")
    client.addRemoteListener(inbox, event="#disconnect")
    return inbox


def _told(inbox: Inbox, count: int) -> list[tuple[str, str]]:
    return sorted((sender, event) for sender, event, _ in (inbox.get() for _ in range(count)))


def test_a_server_that_comes_back(tcp: Net) -> None:
    """What was said last of each sender is true again, whoever was back first, and said once."""
    first = tcp.server()
    stays, gone = tcp.client(), tcp.client()
    first.addSender("before", ["e"])
    inbox = _lifecycle(stays)
    stays.addRemoteSender("mine", ["e"])
    gone.addRemoteSender("gone", ["e"])
    assert _told(inbox, 2) == [("gone", "#connect"), ("mine", "#connect")]
    leave(gone)
    assert inbox.get()[:2] == ("gone", "#disconnect")
    first.addSender("of the server", ["e"])
    assert inbox.get()[:2] == ("of the server", "#connect")
    connection: Any = stays.carrier
    stop(first)
    eventually(lambda: not connection.isConnected())
    before_restart = []
    while not inbox.queue.empty():
        before_restart.append(inbox.get()[:2])
    second = tcp.server_carrier()
    router = sig.ServerRouter(second)
    router.addSender("new", ["e"], {"read": str})
    second.start(tcp.host, tcp.port)
    tcp.carriers.append(second)
    eventually(connection.isConnected)
    told: dict[str, str] = {"mine": "#connect", "of the server": "#connect"}
    told |= dict(before_restart)
    want = {"mine": "#connect", "of the server": "#disconnect", "before": "#disconnect", "new": "#connect"}

    def agrees() -> bool:
        while not inbox.queue.empty():
            sender, event, data = inbox.get()
            # Its own sender does come anew, at a server that has never had it.
            assert sender == "mine" or told.get(sender) != event, f"{event} of {sender} is told twice"
            told[sender] = event
            if sender == "new":
                assert data == {"events": ["e"], "requests": ["read"]}
        return told == want

    eventually(agrees)


def test_only_who_listens_to_them_is_told(tcp: Net) -> None:
    """Listeners to other events hear nothing of it, and nobody asks."""
    first = tcp.server()
    client = tcp.client()
    inbox = Inbox()
    client.addRemoteListener(inbox, "s", "e")
    stop(first)
    second = tcp.server()
    second.addSender("s", ["e"])
    connection: Any = client.carrier
    eventually(connection.isConnected)
    sender = second.getSender("s")
    assert sender is not None
    signal = sender.getSignal("e")
    assert signal is not None
    eventually(lambda: sender.countListeners("e") == 1)
    signal.trigger(1)
    assert inbox.get() == ("s", "e", 1)
