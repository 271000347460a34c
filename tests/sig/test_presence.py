"""After a reconnect listeners know of every sender what the server knows, and are told it once."""

from __future__ import annotations

from typing import Any

import sig
from sig.net.presence import MAX_SENDERS, Missed, Presence
from tests.sig.netkit import Inbox, Net, eventually, leave, signal_of, stop

BUILTIN = ["#connect", "#disconnect"]
NOTHING: dict[str, Any] = {"events": BUILTIN, "requests": None}


def entry(name: str, connected: bool = True, **more: Any) -> dict[str, Any]:
    """A sender as the server describes it."""
    return {"sender": name, "connected": connected, **more}


def known(*names: str) -> Presence:
    """One that has been compared with a server where these senders are connected."""
    presence = Presence()
    assert len(compared(presence, *(entry(name) for name in names))) == len(names)
    return presence


def compared(presence: Presence, *described: Any, only: str | None = None) -> list[Missed]:
    """With what the server answers, in some order of its own."""
    presence.begin()
    try:
        return sorted(presence.compare(list(described), only))
    finally:
        presence.end()


def test_what_came_and_what_went() -> None:
    """Each is told once."""
    presence = known("a", "b")
    described = [entry("b"), entry("c", events=[{"event": "#changed"}], requests=["read"]), entry("d", False)]
    assert compared(presence, *described) == [
        Missed("a", "#disconnect", NOTHING),
        Missed("c", "#connect", {"events": [*BUILTIN, "#changed"], "requests": ["read"]}),
    ]
    assert compared(presence, *described) == []


def test_one_that_is_asked_for() -> None:
    """What the answer does not have of others says nothing of them."""
    presence = known("a", "b")
    assert compared(presence, only="a") == [Missed("a", "#disconnect", NOTHING)]
    assert compared(presence, entry("b")) == []


def test_one_of_whom_is_about_to_be_told() -> None:
    """Is left alone, whichever of the two is on its way."""
    presence = known("a")
    assert compared(presence, entry("a", False, told=False), entry("b", told=False)) == []
    assert compared(presence, entry("a", told=True)) == []


def test_what_is_heard_counts() -> None:
    """A sender that has been told of since is left alone by answers that may be older."""
    presence = known("a")
    presence.begin()
    presence.begin()
    presence.heard("a", "#disconnect", NOTHING)
    presence.heard("b", "#connect", NOTHING)
    assert presence.compare([entry("a")]) == []
    presence.end()
    assert presence.compare([entry("a")]) == []
    presence.end()
    assert compared(presence, entry("a")) == [
        Missed("a", "#connect", NOTHING),
        Missed("b", "#disconnect", NOTHING),
    ]


def test_data_of_a_disconnect() -> None:
    """It is what the #connect had."""
    presence = known()
    presence.heard("a", "#connect", {"events": ["e"], "requests": ["r"]})
    assert compared(presence) == [Missed("a", "#disconnect", {"events": ["e"], "requests": ["r"]})]


def test_what_no_server_of_ours_answers() -> None:
    """Anything else than senders is passed over."""
    presence = known()
    strange: Any
    for strange in (None, {}, [1, {"sender": 5, "connected": True}, {"sender": "x"}]):
        presence.begin()
        assert presence.compare(strange) == []
        presence.end()
    found = compared(presence, entry("y", events=[1, {"event": "e"}]))
    assert found == [Missed("y", "#connect", {"events": [*BUILTIN, "e"], "requests": None})]
    presence.heard(5, "#connect", None)
    assert compared(presence, entry("y")) == []


def test_no_end_of_senders() -> None:
    """Of more than so many at a time no notes are taken; those that have gone make room."""
    presence = known()
    for number in range(2 * MAX_SENDERS):
        presence.heard(f"s{number}", "#connect", NOTHING)
        presence.heard(f"s{number}", "#disconnect", NOTHING)
    for number in range(MAX_SENDERS + 5):
        presence.heard(f"t{number}", "#connect", NOTHING)
    assert len(compared(presence)) == MAX_SENDERS


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
                assert data == {"events": [*BUILTIN, "e"], "requests": ["read"]}
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


def test_what_was_there_before_somebody_listened(tcp: Net) -> None:
    """Is no news after a reconnect, whichever listener came when."""
    first = tcp.server()
    client = tcp.client()
    one, late = Inbox(), Inbox()
    client.addRemoteListener(one, "a", "#connect")
    first.addSender("b", ["e"])
    client.addRemoteListener(late, "b")
    stop(first)
    carrier = tcp.server_carrier()
    second = sig.ServerRouter(carrier)
    second.addSender("b", ["e"])
    second.addSender("a", ["e"])
    carrier.start(tcp.host, tcp.port)
    tcp.carriers.append(carrier)
    assert one.get()[:2] == ("a", "#connect")
    signal_of(second.getSender("b") or second.addSender("b", ["e"]), "e").trigger(1)
    assert late.get() == ("b", "e", 1)


def test_a_listener_may_be_added_in_a_flood(tcp: Net) -> None:
    """In a listener, while more than the window waits, to what tells of senders: it returns at once."""
    tcp.server()
    here, there = tcp.client(limits=sig.Limits(window=8, timeout_s=5.0)), tcp.client()
    signal = signal_of(there.addRemoteSender("s", ["e"]), "e")
    said: list[bool] = []
    heard = Inbox()

    def listen(info: dict[str, Any], data: Any) -> None:
        if data == 0:
            said.append(here.addRemoteListener(heard, "other"))
        heard(info, data)

    here.addRemoteListener(listen, "s", "e")
    for number in range(500):
        signal.trigger(number)
    assert heard.data(500) == list(range(500))
    assert said == [True]


def test_more_senders_than_a_message_holds(tcp: Net) -> None:
    """They are compared all the same, without their events."""
    limits = sig.Limits(max_message=20_000)
    first = tcp.server(limits=limits)
    client = tcp.client()
    inbox = Inbox()
    client.addRemoteListener(inbox, event="#connect")
    # nobody is told of what is there when he begins to listen: that has to be over
    eventually(lambda: all(each.is_compared for each in client._remote_listeners.list()))
    stop(first)
    carrier = tcp.server_carrier(limits=limits)
    second = sig.ServerRouter(carrier)
    for number in range(100):
        second.addSender(f"s{number}", ["e" * 300])
    carrier.start(tcp.host, tcp.port)
    tcp.carriers.append(carrier)
    told = [inbox.get() for _ in range(100)]
    assert {sender for sender, *_ in told} == {f"s{number}" for number in range(100)}
    assert told[0][2] == NOTHING
