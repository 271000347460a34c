"""The stream of events, over real sockets."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from gateway.event_id import EventId
from gateway.history.rows import Kept
from gateway.http import events as events_module
from gateway.http import hub as hub_module
from gateway.http.connection import ConnectionPipe
from gateway.http.hub import Client
from tests.gateway.http.conftest import LAST, Stream, Web
from tests.support.waiting import until


def test_events_as_they_come(web: Web) -> None:
    """As `watch --json` prints them, with ids that ascend; nothing may keep them on the way."""
    stream = web.follow()
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
    web.trigger("#changed", LAST)
    web.trigger("hot", LAST)
    first, second = (stream.next() for _ in range(2))
    assert first.data.startswith('{"sender":"temp","event":"#changed","data":{"value":23.5,')
    assert second.data.startswith('{"sender":"temp","event":"hot",')
    ids = EventId.parse(first.id), EventId.parse(second.id)
    assert ids[0] is not None
    assert ids[1] is not None
    assert ids[0] < ids[1]
    stream.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["#connect", "#changed", "hot"]),
        ("?sender=temp", ["#changed", "hot"]),
        ("?event=hot", ["hot"]),
        ("?event=%23changed", ["#changed"]),
        ("?sender=other", ["#connect"]),
        ("?sender=temp&event=%23connect", []),
    ],
)
def test_filters(web: Web, query: str, expected: list[str]) -> None:
    """By sender, by event, by both."""
    stream = web.follow(query)
    end = web.follow()
    web.router.addSender("other", ["x"])
    web.trigger("#changed", 1)
    web.trigger("hot", 1)
    while end.event()["event"] != "hot":
        pass
    web.stop()
    found = []
    while (message := stream.next()).kind != "cut":
        found.append(message)
    assert [
        each.data.partition('"event":"')[2].partition('"')[0] for each in found if not each.kind
    ] == expected
    assert message.data == "the gateway stops"
    stream.close()
    end.close()


def test_it_says_that_it_is_alive(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and then every few seconds, with its time."""
    monkeypatch.setattr(events_module, "ALIVE_S", 0.05)
    stream = web.follow("?event=nothing")
    times = [datetime.fromisoformat(stream.next().data) for _ in range(2)]
    assert times[0] < times[1]
    assert times[0].tzinfo is not None
    stream.close()


@pytest.mark.parametrize("header", [True, False])
def test_after_a_break(web: Web, header: bool) -> None:
    """What came since is told first, of what is asked for; by header, or in the query, which counts."""
    stream = web.follow()
    for number in range(4):
        web.trigger("#changed" if number % 2 else "hot", number)
    last = stream.next().id
    stream.close()
    query = "?event=%23changed" + ("" if header else f"&last_event_id={last}")
    again = web.follow(query, Last_Event_ID=last if header else "1-1")
    web.trigger("#changed", 4)
    assert [again.event()["data"] for _ in range(3)] == [1, 3, 4]
    again.close()


@pytest.mark.parametrize("last", ["1-0", "nonsense", "99999999999999-0"])
def test_an_id_that_is_not_known(web: Web, last: str) -> None:
    """One event says that there is a gap, and then what comes; the gap's id is good for the next time."""
    stream = web.follow()
    web.trigger("hot", 1)
    newest = stream.next().id
    stream.close()
    again = web.follow(f"?last_event_id={last}")
    gap = again.next()
    assert (gap.kind, gap.id) == ("gap", newest)
    assert "not known any more" in gap.data
    web.trigger("hot", 2)
    assert again.event()["data"] == 2
    again.close()
    once_more = web.follow(f"?last_event_id={gap.id}")
    assert once_more.event()["data"] == 2
    once_more.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?recent=2", [2, 3]),
        ("?recent=0", []),
        ("?recent=1000", [0, 1, 2, 3]),
        ("?recent=1&event=hot", [2]),
        ("?recent=9&event=hot", [0, 2]),
        ("?recent=1&sender=other", []),
    ],
)
def test_the_last_ones_first(web: Web, query: str, expected: list[int]) -> None:
    """So many of what is asked for, and then what comes."""
    before = web.follow()
    for number in range(4):
        web.trigger("#changed" if number % 2 else "hot", number)
    while before.event()["data"] != 3:
        pass
    before.close()
    stream = web.follow(query)
    found = []
    web.router.addSender("other", ["x"])
    web.trigger("hot", "end")
    while (event := stream.event())["data"] != "end" and event["sender"] != "other":
        found.append(event["data"])
    assert found == expected
    stream.close()


@pytest.mark.parametrize("recent", ["1001", "-1", "x"])
def test_more_than_there_are(web: Web, recent: str) -> None:
    """Is refused."""
    assert web.ask(f"/api/v1/events?recent={recent}").error[:2] == (422, "bad_params")


def test_who_comes_back_wants_what_it_missed(web: Web) -> None:
    """And not the last ones once more."""
    stream = web.follow()
    web.trigger("hot", 1)
    last = stream.next().id
    web.trigger("hot", 2)
    stream.close()
    again = web.follow(f"?recent=9&last_event_id={last}")
    assert again.event()["data"] == 2
    again.close()


class Past:
    """A history; `since` is what it answers."""

    def __init__(self, events: Sequence[Kept] | None) -> None:
        self.events = events
        self.asked: list[tuple[EventId, int]] = []

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """See `History`."""
        self.asked.append((after, limit))
        return self.events

    def points(self, *_: Any) -> None:
        """Nothing."""


def test_history_goes_on_where_memory_ends(make: Callable[..., Web]) -> None:
    """Its events come first, those that memory has once, and then what comes."""
    web = make()
    past = Past([])
    web.history = past
    web.start()
    stream = web.follow()
    web.trigger("hot", 2)
    known = EventId.parse(stream.next().id)
    assert known is not None
    stream.close()
    old = [Kept(EventId(number, 0), "temp", "hot", str(number)) for number in range(2)]
    past.events = [*old, Kept(EventId(1, 1), "other", "hot", "9"), Kept(known, "temp", "hot", "2")]
    again = web.follow("?sender=temp&last_event_id=0-0")
    web.trigger("hot", 3)
    assert [again.event()["data"] for _ in range(4)] == [0, 1, 2, 3]
    assert past.asked == [(EventId(0, 0), events_module.FROM_HISTORY + hub_module.KEPT)]
    again.close()


def test_an_id_of_the_future(make: Callable[..., Web]) -> None:
    """Was given when the clock was ahead: history is not asked."""
    web = make()
    past = Past([])
    web.history = past
    web.start()
    stream = web.follow("?last_event_id=99999999999999-0")
    assert stream.next().kind == "gap"
    assert past.asked == []
    stream.close()


@pytest.mark.parametrize("answer", ["none", "too many"])
def test_when_history_does_not_reach_back(
    make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Or has more than a client is to be given: there is a gap."""
    monkeypatch.setattr(events_module, "FROM_HISTORY", 2 - hub_module.KEPT)
    web = make()
    web.history = Past(
        None if answer == "none" else [Kept(EventId(1, n), "temp", "hot", "1") for n in range(2)]
    )
    web.start()
    stream = web.follow("?last_event_id=0-5")
    assert stream.next().kind == "gap"
    web.trigger("hot", 3)
    assert stream.event()["data"] == 3
    stream.close()


def test_too_many_clients(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is told to come later; there is room when another has gone."""
    monkeypatch.setattr(events_module, "MOST_CLIENTS", 1)
    stream = web.follow()
    answer = web.ask("/api/v1/events")
    assert answer.error[:2] == (429, "busy")
    assert answer.headers["retry-after"] == "10"
    stream.close()

    def free() -> bool:
        other = web.follow()
        other.close()
        return other.status == 200

    until(free)


def test_a_client_that_does_not_read(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is cut off in time, while another has every event."""
    monkeypatch.setattr(events_module, "STUCK_S", 2.0)
    quick = web.follow()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", web.port))
        slow = Stream(sock)
        long = "x" * 100_000
        service = web.service
        assert service is not None
        for number in range(100):
            web.trigger("hot", f"{number} {long}")
            assert quick.event()["data"].startswith(f"{number} ")
        connected = until(lambda: _clients_of(web) == 1)
        assert connected < 10
        slow.close()
    quick.close()


def _clients_of(web: Web) -> int:
    """How many sockets the server has on its port, by the kernel."""
    from pathlib import Path

    here = f"0100007F:{web.port:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1] == here and row[3] == "01" for row in rows)


def test_a_client_that_reads_late_is_told_why(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue was full: the reason is the last event, and then the stream ends."""
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 300_000)
    service = web.service
    assert service is not None
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", web.port))
        stream = Stream(sock)
        for number in range(100):
            web.trigger("hot", f"{number} {'x' * 100_000}")
        until(lambda: service.mailbox.depth == 0)
        messages = list(iter(stream.next, ("", "", "")))
        assert messages[-1].kind == "cut"
        assert messages[-1].data.startswith("too slow: ")
        numbers = [int(each.data.partition('"data":"')[2].partition(" ")[0]) for each in messages if each.id]
        assert numbers == list(range(len(numbers)))
        assert 0 < len(numbers) < 100
        stream.close()


def test_events_that_the_server_could_not_take(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are told of."""
    from gateway import mailbox as mailbox_module

    stream = web.follow()
    with monkeypatch.context() as patch:
        patch.setattr(mailbox_module, "CAPACITY", 0)
        web.trigger("hot", 1)
    web.trigger("hot", 2)
    found = [stream.next() for _ in range(2)]
    assert [each.kind for each in found] == ["", "gap"]
    assert "1 events were lost" in found[1].data
    stream.close()


def test_head(web: Web) -> None:
    """Has the headers, and ends."""
    answer = web.ask("/api/v1/events", "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_http_1_0(web: Web) -> None:
    """Has no frames: messages come as they are, those too that the hub writes itself."""
    with web.connect() as sock:
        sock.sendall(b"GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        found = b""
        while b"alive" not in found:
            found += sock.recv(65536)
        web.trigger("hot", 1)
        web.trigger("hot", 2)
        while b'"data":2}' not in found:
            found += sock.recv(65536)
    body = found.partition(b"\r\n\r\n")[2]
    assert b"\r\n" not in body
    assert [part.partition(b"\n")[0][:4] for part in body.split(b"\n\n")[:3]] == [
        b"even",
        b"id: ",
        b"id: ",
    ]


def test_nothing_is_written_past_what_is_being_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a later event might come first."""
    monkeypatch.setattr(events_module, "ALIVE_S", 0.0)
    idle: list[bool] = []

    async def stream() -> None:
        wake, over = asyncio.Event(), asyncio.Event()
        client = Client(None, None, wake.set)

        async def send(message: Any) -> None:
            idle.append(client.idle)
            if len(idle) == 5:
                over.set()

        async def receive() -> Any:
            await over.wait()
            return {"type": "http.disconnect"}

        made = events_module._Stream(client, wake, b"", hub_module.Hub())
        await made({"type": "http", "method": "GET"}, receive, send)

    asyncio.run(stream())
    assert len(idle) >= 5
    assert not any(idle)


def test_a_client_that_reads_late(web: Web) -> None:
    """Has all of it in order, each whole: what was written at once, what was held back of it, what waited,
    and what came when it had caught up."""
    stream = web.follow("?event=hot")
    for number in range(400):
        web.trigger("hot", [number, "x" * 2000])
    assert [stream.event()["data"][0] for _ in range(400)] == list(range(400))
    for number in range(3):
        web.trigger("hot", [number, "y"])
        assert stream.event()["data"] == [number, "y"]
    stream.close()


def test_a_connection_that_is_lost_is_not_written_to() -> None:
    """Its descriptor may be another one's by then; and nothing is written past what is held back."""

    async def piped() -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        pipe = ConnectionPipe()
        assert (pipe.descriptor, pipe.write(b"x")) == (-1, False)
        pipe.open(transport)
        assert pipe.descriptor == -1, "nobody has looked whether something is held back"
        pipe.clear()
        assert pipe.descriptor == ours.fileno()
        assert pipe.write(bytes(100_000))
        assert pipe.descriptor == -1
        pipe.clear()
        assert pipe.descriptor == -1
        assert not pipe.write(b"x"), "more than may be held back is"
        transport.abort()
        assert not pipe.write(b"x")
        pipe.close()
        pipe.clear()
        assert (pipe.descriptor, pipe.write(b"x")) == (-1, False)
        theirs.close()
        await asyncio.sleep(0)

    asyncio.run(piped())
