"""What a sensor has said, as HTTP answers it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from gateway.history.answer import MOST_POINTS, POINTS
from gateway.history.buckets import Bucket, Gap
from gateway.history.moments import LAST_MS
from gateway.history.rows import Series
from tests.gateway.http.conftest import Web

SERIES = Series(
    "°C",
    1000,
    [Bucket(2000, 1.5, 1.0, 2.0, 1.25, 3, 500)],
    [Gap(3001, 4123, "stale"), Gap(5000, None, "off")],
)
POINT = {"time": "1970-01-01T00:00:02.000Z", "value": 1.5, "min": 1.0, "max": 2.0, "mean": 1.25, "count": 3}


class Past:
    """A history that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answer: Series | Exception | None = SERIES

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """See `History`."""
        self.asked.append((sender, since_ms, until_ms, points))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def since(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def past() -> Past:
    """The one of `web`."""
    return Past()


@pytest.fixture
def web(make: Callable[..., Web], past: Past) -> Web:
    """With a history."""
    made = make()
    made.history = past
    return made.start()


def test_what_is_answered(web: Web, past: Past) -> None:
    """Points and gaps, with the times that were asked for."""
    answer = web.ask(
        "/api/v1/senders/temp/history?since=1970-01-01T00:00:01Z&until=1970-01-01T01:00:10%2B01:00&points=7"
    )
    assert past.asked == [("temp", 1000, 10_000, 7)]
    assert answer.json == {
        "sender": "temp",
        "unit": "°C",
        "since": "1970-01-01T00:00:01.000Z",
        "until": "1970-01-01T00:00:10.000Z",
        "first": "1970-01-01T00:00:01.000Z",
        "points": [POINT],
        "gaps": [
            {"from": "1970-01-01T00:00:03.001Z", "to": "1970-01-01T00:00:04.123Z", "reason": "stale"},
            {"from": "1970-01-01T00:00:05.000Z", "to": None, "reason": "off"},
        ],
    }


@pytest.mark.parametrize(
    ("query", "span"),
    [
        ("", (86400, 0)),
        ("?since=2h", (7200, 0)),
        ("?since=2h&until=30min", (7200, 1800)),
        ("?since=400d", (34560000, 0)),
    ],
)
def test_spans(web: Web, past: Past, query: str, span: tuple[float, float]) -> None:
    """Reach back from now; a day is what one gets."""
    before = datetime.now(UTC).timestamp() * 1000
    assert web.ask(f"/api/v1/senders/temp/history{query}").status == 200
    after = datetime.now(UTC).timestamp() * 1000
    ((_, since, until, points),) = past.asked
    assert points == POINTS
    for got, seconds in ((since, span[0]), (until, span[1])):
        assert before - 1 <= got + seconds * 1000 <= after + 1


@pytest.mark.parametrize(
    ("given", "ms"),
    [
        ("1970-01-01T00:00:00.0015Z", 2),
        ("1970-01-01t00:00:00.5z", 500),
        ("1970-01-01T02:00:00 02:00", 0),
        ("0001-01-01T00:00:00Z", 0),
        ("9000d", None),
    ],
)
def test_times(web: Web, past: Past, given: str, ms: int | None) -> None:
    """To the millisecond; what is before 1970 is cut, and a `+` that became a space is understood."""
    assert web.ask(f"/api/v1/senders/temp/history?since={quote(given, safe='')}").status == 200
    assert ms is None or past.asked[0][1] == ms
    assert web.ask("/api/v1/senders/temp/history?until=9999-12-31T23:59:59.999-23:00").status == 422
    assert web.ask("/api/v1/senders/temp/history?until=9999-12-31T23:59:59.999Z").status == 200
    assert past.asked[-1][2] <= LAST_MS


@pytest.mark.parametrize(
    "query",
    [
        "since=",
        "since=soon",
        "since=-1h",
        "since=1h&until=2h",
        "since=1h&until=1h",
        "since=2026-11-22T06:30:00",
        "since=2026-11-22",
        "since=nan",
        "since=1e999d",
        "until=2026-13-22T06:30:00Z",
        "points=0",
        f"points={MOST_POINTS + 1}",
        "points=x",
        "points=٥",
        "points=1.5",
        "points=-1",
        f"points={'9' * 5000}",
        "format=xml",
    ],
)
def test_what_makes_no_sense(web: Web, past: Past, query: str) -> None:
    """Is refused, with the name of what is wrong, what was expected, and what came."""
    status, error, text = web.ask(f"/api/v1/senders/temp/history?{quote(query, safe='=&')}").error
    assert (status, error) == (422, "bad_params")
    assert text.startswith(f"{query.partition('=')[0]}: expected ")
    assert ", got " in text
    assert past.asked == []


def test_csv(web: Web, past: Past) -> None:
    """The points, under a name that is the sender's, whatever that is."""
    name = 'a/b"\r\nX-Evil: 1'
    answer = web.ask(f"/api/v1/senders/{quote(name, safe='')}/history?format=csv")
    assert past.asked[0][0] == name
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''a%2Fb%22%0D%0AX-Evil%3A%201.csv"
    )
    assert "x-evil" not in answer.headers
    assert answer.body.decode() == (
        "time,value,min,max,mean,count\r\n1970-01-01T00:00:02.000Z,1.5,1.0,2.0,1.25,3\r\n"
    )


def test_who_has_no_history(web: Web, past: Past) -> None:
    """A sender that there is has none yet; another is unknown."""
    past.answer = None
    answer = web.ask("/api/v1/senders/temp/history").json
    assert (answer["unit"], answer["first"], answer["points"], answer["gaps"]) == (None, None, [], [])
    assert web.ask("/api/v1/senders/nobody/history").error[:2] == (404, "unknown_sender")


def test_a_history_that_fails(web: Web, past: Past) -> None:
    """Is told."""
    past.answer = OSError("the disk")
    assert web.ask("/api/v1/senders/temp/history").error == (502, "failed", "OSError: the disk")


def test_no_history(make: Callable[..., Web]) -> None:
    """The text says how to have one."""
    web = make().start()
    status, error, text = web.ask("/api/v1/senders/temp/history").error
    assert (status, error) == (404, "not_found")
    assert text.endswith("history: {}")
