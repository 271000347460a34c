"""The live table's rows, from sensors and links."""

from types import SimpleNamespace

import pytest

import sig
from gateway.live.table import Limit, LiveTable, Rank, Row
from tests.support.fake_clock import FakeClock

READING = {"value": 23.5, "unit": "°C", "time": "2026-11-22T06:30:00.000Z", "quality": "good", "seq": 7}
UTC = 1795329000.0


class FakeLink:
    def __init__(self, state: str = "up", reason: str | None = None) -> None:
        self.state, self.reason = state, reason

    def status(self) -> SimpleNamespace:
        return SimpleNamespace(name="board", state=self.state, reason=self.reason)


def no_problem(_sensor: str) -> str | None:
    return None


def test_rows() -> None:
    """Up, then lost: the last reading is kept, older and stale, with the link's reason; decimals stay."""
    router, link = sig.Router(), FakeLink()
    readings = [READING | {"value": 23.25}, READING]
    router.addSender("temp", ["#changed"], {"last": lambda _: readings.pop(0)})
    rows = LiveTable(router, lambda: {"temp": ("board", link)}, no_problem, FakeClock(utc=UTC + 4))
    assert rows.now() == [Row("temp", 23.25, "°C", 4.0, "good", "board", "up", "", 2)]
    assert rows.now() == [Row("temp", 23.5, "°C", 4.0, "good", "board", "up", "", 2)]
    router.removeSender("temp")
    link.state, link.reason = "absent", "unplugged"
    assert rows.now() == [Row("temp", 23.5, "°C", 4.0, "stale", "board", "absent", "unplugged", 2)]


def test_rows_without_a_reading() -> None:
    """A link that never came up says why, and so does a sensor that its board does not have."""
    router = sig.Router()
    absent, up = FakeLink("absent", "not there"), FakeLink()
    links = {"a": ("board", absent), "b": ("other", up)}
    rows = LiveTable(router, lambda: links, {"b": "no such channel"}.get).now()
    assert rows == [
        Row("a", None, "", None, "", "board", "absent", "not there"),
        Row("b", None, "", None, "", "board", "up", "no such channel"),
    ]
    router.addSender("b", ["#changed"], {"last": lambda _: None})
    assert LiveTable(router, lambda: links, no_problem).now()[1].reason == ""


def test_a_sensor_that_never_had_a_value_says_why() -> None:
    """Once it is known; while the link is down, that says why."""
    router, link = sig.Router(), FakeLink()
    answers: list[dict[str, object]] = [{"fault": None}, {"fault": "no field temprature"}]
    router.addSender("t", ["#stale"], {"last": lambda _: None, "info": lambda _: answers.pop(0)})
    rows = LiveTable(router, lambda: {"t": ("board", link)}, no_problem)
    assert rows.now() == [Row("t", None, "", None, "", "board", "up", "")]
    assert rows.now() == [Row("t", None, "", None, "stale", "board", "up", "no field temprature")]
    link.state, link.reason = "absent", "unplugged"
    assert rows.now() == [Row("t", None, "", None, "", "board", "absent", "unplugged")]


def test_a_suspect_reading_says_why() -> None:
    """The reading's own reason, while the link is up."""
    router = sig.Router()
    router.addSender(
        "t", ["#changed"], {"last": lambda _: READING | {"quality": "suspect", "reason": "spike"}}
    )
    (row,) = LiveTable(router, lambda: {"t": ("board", FakeLink())}, no_problem).now()
    assert (row.quality, row.reason) == ("suspect", "spike")


THRESHOLDS = {"cold": 18.0, "hot": 23.5}


@pytest.mark.parametrize(
    ("value", "quality", "crossed"),
    [
        (23.4, "good", []),
        (23.5, "good", ["hot"]),
        (18.0, "good", ["cold"]),
        (18.1, "good", []),
        (30.0, "suspect", []),
    ],
)
def test_a_good_value_at_or_beyond_its_limit_has_crossed_it(
    value: float, quality: str, crossed: list[str]
) -> None:
    """As on the page; a value that is not good says nothing of that."""
    router, asked = sig.Router(), []

    def info(_: object) -> dict[str, object]:
        asked.append(1)
        return {"thresholds": THRESHOLDS}

    reading = READING | {"value": value, "quality": quality}
    router.addSender("t", ["#changed"], {"last": lambda _: reading, "info": info})
    rows = LiveTable(router, lambda: {"t": ("board", FakeLink())}, no_problem)
    for _ in range(3):
        (row,) = rows.now()
        assert [(limit.event, limit.value) for limit in row.limits] == [*THRESHOLDS.items()]
        assert [limit.event for limit in row.limits if limit.crossed] == crossed
    assert len(asked) == 1, "thresholds do not change while it is connected"
    router.removeSender("t")
    assert [limit.crossed for limit in rows.now()[0].limits] == [False, False]
    router.addSender("t", ["#changed"], {"last": lambda _: reading, "info": info})
    rows.now()
    assert len(asked) == 2


CROSSED = (Limit("hot", 26.0, True),)


@pytest.mark.parametrize(
    ("row", "rank"),
    [
        (Row("t", 1.0, "", 1.0, "stale", "b", "up", "silent"), Rank.ILL),
        (Row("t", 1.0, "", 1.0, "stale", "b", "absent", "unplugged"), Rank.ILL),
        (Row("t", None, "", None, "", "b", "absent", "unplugged"), Rank.ILL),
        (Row("t", None, "", None, "", "b", "up", "no such channel"), Rank.ILL),
        (Row("t", None, "", None, "", "b", "up", ""), Rank.UNSURE),
        (Row("t", None, "", None, "", "b", "opening", ""), Rank.UNSURE),
        (Row("t", 1.0, "", 1.0, "suspect", "b", "up", "a spike"), Rank.UNSURE),
        (Row("t", 1.0, "", 1.0, "good", "b", "greeting", ""), Rank.UNSURE),
        (Row("t", 1.0, "", 1.0, "good", "b", "up", "", 0, CROSSED), Rank.BEYOND),
        (Row("t", 1.0, "", 1.0, "good", "b", "up", "", 0, (Limit("hot", 26.0, False),)), Rank.WELL),
        (Row("t", 1.0, "", 1.0, "good", "b", "up", ""), Rank.WELL),
    ],
)
def test_ranks(row: Row, rank: Rank) -> None:
    """What has no data comes before what may be wrong, and that before what has crossed a limit."""
    assert row.rank is rank
