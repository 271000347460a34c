"""Each event once for all, a bound for each client, and ids that ascend."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http import hub as hub_module
from gateway.http.hub import KEPT, QUEUE_EVENTS, Client, EventId, Hub, message


def follower(hub: Hub, sender: str | None = None, event: str | None = None) -> Client:
    """One that follows from now on."""
    client = Client(sender, event, ready=lambda: None)
    assert hub.follow(client)
    return client


def told(client: Client) -> list[dict[str, object]]:
    """The data of what waits for a client."""
    lines = client.take().decode().split("\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def test_a_client_gets_what_it_asked_for() -> None:
    """All, those of a sender, those of a name; in order."""
    hub = Hub()
    everything, of_temp, connects = follower(hub), follower(hub, "temp"), follower(hub, None, "#connect")
    hub.heard("temp", "#changed", '{"value":1}', 5.0)
    hub.heard("hum", "#connect", "null", 5.0)
    first = {"sender": "temp", "event": "#changed", "data": {"value": 1}}
    second = {"sender": "hum", "event": "#connect", "data": None}
    assert (told(everything), told(of_temp), told(connects)) == ([first, second], [first], [second])
    assert told(everything) == []


@given(st.text(), st.text())
def test_names_of_any_kind(sender: str, event: str) -> None:
    """Are JSON on one line: no name can end a message, or begin another."""
    hub = Hub()
    client = follower(hub)
    hub.heard(sender, event, "1", 1.0)
    sent = client.take().decode()
    assert sent.count("\n") == 3
    assert sent.endswith("\n\n")


def test_ids_ascend() -> None:
    """Also when the clock is set back, and within a millisecond."""
    hub = Hub()
    for utc in (5.0, 5.0, 4.0, 6.0):
        hub.heard("temp", "hot", "1", utc)
    found = hub.since(EventId(5000, 0))
    assert found is not None
    assert [str(each.id) for each in found] == ["5000-1", "5000-2", "6000-0"]


def test_what_came_since() -> None:
    """Nothing after the last; None for an id that memory does not know."""
    hub = Hub()
    assert hub.since(EventId(5, 0)) is None
    for number in range(KEPT + 2):
        hub.heard("temp", "hot", str(number), number / 1000)
    assert hub.since(EventId(KEPT + 1, 0)) == []
    assert hub.since(EventId(1, 0)) is None
    assert hub.since(EventId(10**9, 0)) is None
    found = hub.since(EventId(2, 0))
    assert found is not None
    assert len(found) == KEPT - 1


@pytest.mark.parametrize("text", ["", "5", "5-", "-5", "a-1", "5-1-2", "٥-1", "1" * 40 + "-1"])
def test_what_is_no_id(text: str) -> None:
    """Is None."""
    assert EventId.parse(text) is None


def test_an_id_and_its_text() -> None:
    """Are the same."""
    assert EventId.parse(str(EventId(1_700_000_000_000, 7))) == EventId(1_700_000_000_000, 7)


def test_a_client_that_does_not_read_is_cut() -> None:
    """With the reason; the others go on, and nothing of it is kept."""
    hub = Hub()
    slow, quick = follower(hub), follower(hub)
    for number in range(QUEUE_EVENTS + 1):
        hub.heard("temp", "hot", str(number), 1.0)
        quick.take()
    assert slow.cut == f"too slow: {QUEUE_EVENTS} events wait; connect again, with the last id"
    assert (slow.take(), hub.clients, hub.cut, quick.cut) == (b"", 1, 1, None)
    hub.heard("temp", "hot", "more", 1.0)
    assert slow.take() == b""


def test_large_events_fill_a_queue_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their bytes."""
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 300)
    hub = Hub()
    client = follower(hub)
    hub.heard("temp", "hot", '"' + "x" * 100 + '"', 1.0)
    assert client.cut is None
    hub.heard("temp", "hot", '"' + "x" * 100 + '"', 1.0)
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
    hub.heard("temp", "hot", "1", 1.0)
    hub.close("the gateway stops")
    assert (len(woken), client.cut, hub.clients) == (2, "the gateway stops", 0)


def test_a_message_with_a_kind() -> None:
    """As the standard has it: event, id, data, an empty line."""
    assert message('"x"', EventId(1, 2), "gap") == b'event: gap\nid: 1-2\ndata: "x"\n\n'
