"""Each event once for all, and a bound for each client."""

import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.event_id import EventId
from gateway.http import hub as hub_module
from gateway.http.hub import AT_ONCE_BYTES, KEPT, QUEUE_EVENTS, Client, Hub, Pipe, message


def follower(hub: Hub, sender: str | None = None, event: str | None = None) -> Client:
    """One that follows from now on."""
    client = Client(sender, event, ready=lambda: None)
    assert hub.follow(client)
    return client


def heard(hub: Hub, sender: str, event: str, data: str, utc: float) -> None:
    """An event of then."""
    hub.heard(hub.last.next(utc), sender, event, data)


def told(client: Client) -> list[dict[str, object]]:
    """The data of what waits for a client."""
    lines = client.take().decode().split("\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def test_a_client_gets_what_it_asked_for() -> None:
    """All, those of a sender, those of a name; in order."""
    hub = Hub()
    everything, of_temp, connects = follower(hub), follower(hub, "temp"), follower(hub, None, "#connect")
    heard(hub, "temp", "#changed", '{"value":1}', 5.0)
    heard(hub, "hum", "#connect", "null", 5.0)
    first = {"sender": "temp", "event": "#changed", "data": {"value": 1}}
    second = {"sender": "hum", "event": "#connect", "data": None}
    assert (told(everything), told(of_temp), told(connects)) == ([first, second], [first], [second])
    assert told(everything) == []


@given(st.text(), st.text())
def test_names_of_any_kind(sender: str, event: str) -> None:
    """Are JSON on one line: no name can end a message, or begin another."""
    hub = Hub()
    client = follower(hub)
    heard(hub, sender, event, "1", 1.0)
    sent = client.take().decode()
    assert sent.count("\n") == 3
    assert sent.endswith("\n\n")


def test_what_came_since() -> None:
    """Nothing after the last; None for an id that memory does not know."""
    hub = Hub()
    assert hub.since(EventId(5, 0)) is None
    for number in range(KEPT + 2):
        heard(hub, "temp", "hot", str(number), number / 1000)
    assert hub.since(EventId(KEPT + 1, 0)) == []
    assert hub.since(EventId(1, 0)) is None
    assert hub.since(EventId(10**9, 0)) is None
    found = hub.since(EventId(2, 0))
    assert found is not None
    assert len(found) == KEPT - 1


def test_a_client_that_does_not_read_is_cut() -> None:
    """With the reason; the others go on, and nothing of it is kept."""
    hub = Hub()
    slow, quick = follower(hub), follower(hub)
    for number in range(QUEUE_EVENTS + 1):
        heard(hub, "temp", "hot", str(number), 1.0)
        quick.take()
    assert slow.cut == f"too slow: {QUEUE_EVENTS} events wait; connect again, with the last id"
    assert (slow.take(), hub.clients, hub.cut, quick.cut) == (b"", 1, 1, None)
    heard(hub, "temp", "hot", "more", 1.0)
    assert slow.take() == b""


def test_large_events_fill_a_queue_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their bytes."""
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 300)
    hub = Hub()
    client = follower(hub)
    heard(hub, "temp", "hot", '"' + "x" * 100 + '"', 1.0)
    assert client.cut is None
    heard(hub, "temp", "hot", '"' + "x" * 100 + '"', 1.0)
    assert client.cut is not None


def test_there_are_so_many_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more has to wait until another leaves."""
    monkeypatch.setattr(hub_module, "MOST_CLIENTS", 1)
    hub = Hub()
    one, other = follower(hub), Client(None, None, ready=lambda: None)
    assert not hub.follow(other)
    hub.leave(one)
    assert hub.follow(other)


def test_a_client_is_told_that_there_is_something() -> None:
    """And that it is over."""
    woken = []
    client = Client(None, None, ready=lambda: woken.append(True))
    hub = Hub()
    hub.follow(client)
    heard(hub, "temp", "hot", "1", 1.0)
    hub.close("the gateway stops")
    assert (len(woken), client.cut, hub.clients) == (2, "the gateway stops", 0)


def test_a_message_with_a_kind() -> None:
    """As the standard has it: event, id, data, an empty line."""
    assert message('"x"', EventId(1, 2), "gap") == b'event: gap\nid: 1-2\ndata: "x"\n\n'


def test_what_waits_is_taken_in_pieces() -> None:
    """So that what is written at once is bounded; the bytes that are left count."""
    hub = Hub()
    client = follower(hub)
    for _ in range(8):
        heard(hub, "temp", "hot", json.dumps("x" * (AT_ONCE_BYTES // 4)), 1.0)
    sizes = []
    while part := client.take():
        sizes.append(len(part))
    assert len(sizes) == 2
    assert max(sizes) < 1.5 * AT_ONCE_BYTES
    assert client._bytes == 0


def test_events_that_were_lost() -> None:
    """All are told, whatever they follow; and memory does not pretend that it has them."""
    hub = Hub()
    client = follower(hub, "temp")
    heard(hub, "temp", "hot", "1", 1.0)
    client.take()
    hub.missed("3 events were lost")
    assert client.take() == b'event: gap\nid: 1000-0\ndata: {"reason":"3 events were lost"}\n\n'
    assert (hub.all(), hub.oldest, hub.since(EventId(999, 0)), hub.since(EventId(1000, 0))) == (
        [],
        None,
        None,
        [],
    )


def test_those_of_one_owner() -> None:
    """Are cut; the others are not."""
    hub = Hub()
    mine, yours = (Client(None, None, ready=lambda: None, owner=owner) for owner in ("me", "you"))
    hub.follow(mine)
    hub.follow(yours)
    hub.end_of("me", "logged out")
    assert (mine.cut, yours.cut, hub.clients) == ("logged out", None, 1)


LARGE = '"' + "x" * 4_000_000 + '"'
"""More than fits into a socket at once."""


class Reading(Pipe):
    """Whose other end is read when a test wants; `kept`: what was to be written later."""

    def __init__(self) -> None:
        self.end, self.ours = socket.socketpair()
        self.ours.setblocking(False)
        self.descriptor = self.ours.fileno()
        self.kept = b""
        self.takes = True

    def write(self, data: bytes) -> bool:
        """See `Pipe`."""
        self.descriptor = -1
        self.kept += data if self.takes else b""
        return self.takes

    def close(self) -> None:
        """Both ends."""
        self.end.close()
        self.ours.close()


@pytest.fixture
def pipe() -> Iterator[Reading]:
    """One that is empty."""
    made = Reading()
    yield made
    made.close()


@pytest.mark.parametrize("framed", [True, False])
def test_who_keeps_up_is_written_to_at_once(pipe: Reading, framed: bool) -> None:
    """As its protocol frames it, while nobody else writes to it; else the event waits."""
    hub = Hub()
    client = Client(None, None, ready=lambda: None, pipe=pipe, framed=framed)
    hub.follow(client)
    heard(hub, "temp", "hot", "1", 1.0)
    first = client.take()
    assert first.endswith(b'"data":1}\n\n')
    client.idle = True
    heard(hub, "temp", "hot", "2", 1.0)
    sent = pipe.end.recv(1000)
    assert sent == (hub.all()[1].chunk if framed else hub.all()[1].message)
    assert (client.take(), client.idle) == (b"", True)


def test_what_was_written_in_part(pipe: Reading) -> None:
    """The rest of it is kept, and comes before all else; what comes when no more can be kept waits."""
    hub = Hub()
    client = Client(None, None, ready=lambda: None, pipe=pipe)
    client.idle = True
    hub.follow(client)
    heard(hub, "temp", "hot", LARGE, 1.0)
    chunk = hub.all()[0].chunk
    assert 0 < len(pipe.kept) < len(chunk)
    assert pipe.end.recv(len(chunk) - len(pipe.kept), socket.MSG_WAITALL) + pipe.kept == chunk
    pipe.kept, pipe.descriptor = b"", -1
    heard(hub, "temp", "hot", "2", 1.0)
    assert pipe.kept == hub.all()[1].chunk
    pipe.takes = False
    heard(hub, "temp", "hot", "3", 1.0)
    assert client.take() == hub.all()[2].message
    assert not client.idle


def test_a_connection_that_breaks_within_an_event(pipe: Reading) -> None:
    """Is cut: nobody could tell where the next one begins. It was not too slow."""
    hub = Hub()
    client = Client(None, None, ready=lambda: None, pipe=pipe)
    client.idle, pipe.takes = True, False
    hub.follow(client)
    heard(hub, "temp", "hot", LARGE, 1.0)
    assert (client.cut, hub.clients, hub.cut) == ("its connection broke", 0, 0)
    assert client.take() == b""
