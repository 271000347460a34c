"""`gateway.collect.postgres`: in a real server, that stops and starts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.collect.admission import Cursor
from gateway.collect.placed import Placed
from gateway.event_id import EventId
from gateway.fleet.message import Position
from gateway.history.archive import Archive
from gateway.history.rows import Batch, Item, Kept, Mark, Reading
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.store import Store
from gateway.storage.schema import StoreError
from tests.support.postgres import Postgres, postgres

psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.once

NOW = 1_790_000_000_000
LONG_MS = 10**12
SENDER = "north/shed/temp"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Running."""
    with postgres() as made:
        yield made


@pytest.fixture
def empty(server: Postgres) -> Postgres:
    """As of somebody who begins."""
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS sig_gateway CASCADE")
    return server


class House:
    """A store, and what it has told."""

    def __init__(self, url: str, keep_ms: int = LONG_MS) -> None:
        from gateway.collect.postgres.archive import PostgresArchive
        from gateway.collect.postgres.store import PostgresStore

        self.had: Mapping[str, Cursor] = {}
        self.wrote: list[Mapping[str, Cursor]] = []
        self.store = PostgresStore(url, keep_ms, keep_ms, self._had, self.wrote.append)
        self.archive = PostgresArchive(url)

    def _had(self, cursors: Mapping[str, Cursor]) -> None:
        self.had = cursors

    def __enter__(self) -> House:
        self.store.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self.archive.close()


def reading(seq: int, at: int | None = None, value: float | None = None, *, life: int = 1) -> Reading:
    """The `seq`th of the shed's, a second after the one before; every fifth is suspect."""
    time = NOW + seq * 1000 if at is None else at
    placed = Placed("north/shed", Position(7, seq), time, life, seq, 10, lambda _receipt, _safe: None)
    quality, reason = (SUSPECT, "so") if seq % 5 == 0 else (GOOD, None)
    said = float(seq) if value is None else value
    return Reading(
        SENDER, "°C", time, said, quality, reason, seq, EventId(NOW, seq), at is not None, receipt=placed
    )


def values(url: str) -> list[Any]:
    """As people ask for them."""
    with psycopg.connect(url, client_encoding="utf8") as db:
        query = "SELECT value FROM sig_gateway.measured WHERE sender = %s ORDER BY time"
        return [value for (value,) in db.execute(query, (SENDER,))]


def test_readings_events_and_cursors_are_found_again(empty: Postgres) -> None:
    """By who starts again, and by their ids."""
    with House(empty.url) as house:
        event = Kept(EventId(NOW, 3), SENDER, "#connect", '{"a":"\0ä"}')
        house.store.write(Batch([reading(1), reading(2), event], NOW))
        assert house.wrote == [{"north/shed": Cursor(Position(7, 2), NOW + 2000)}]
        found = house.archive.since(EventId(NOW, 0), 10)
        assert found is not None
        assert [(each.id.number, each.event) for each in found] == [
            (1, "#changed"),
            (2, "#changed"),
            (3, "#connect"),
        ]
        assert found[2].data == '{"a":"?ä"}'
        assert '"value":2.0' in found[1].data
        assert house.archive.since(EventId(NOW - 1, 0), 10) is None
    with House(empty.url) as house:
        assert house.had == {"north/shed": Cursor(Position(7, 2), NOW + 2000)}
        assert house.store.open().last_id == EventId(NOW, 3)
        assert house.archive.points("no/such/sender", 0, NOW, 5) is None


def test_a_server_that_stops_loses_nothing(empty: Postgres) -> None:
    """What fails is written with the next try, and once."""
    with House(empty.url) as house:
        house.store.write(Batch([reading(1)], NOW))
        empty.stop()
        for _ in range(2):
            with pytest.raises(StoreError, match="PostgreSQL"):
                house.store.write(Batch([reading(2)], NOW))
        empty.start()
        house.store.write(Batch([reading(2), reading(3)], NOW))
        assert [dict(each)["north/shed"].position.seq for each in house.wrote] == [1, 3]
    assert values(empty.url) == [1.0, 2.0, 3.0]


def test_a_commit_whose_answer_was_lost_is_not_done_twice(
    empty: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursors tell, on the next connection, that it was done."""
    from gateway.collect.postgres import store

    with House(empty.url) as house:
        house.store.write(Batch([reading(1)], NOW))
        noted = store._note

        def break_after(db: Any, key: str, value: int) -> None:
            noted(db, key, value)
            db.execute("COMMIT")  # it arrives, and its answer does not
            raise psycopg.OperationalError("the connection broke")

        monkeypatch.setattr(store, "_note", break_after)
        with pytest.raises(StoreError, match="broke"):
            house.store.write(Batch([reading(2)], NOW))
        monkeypatch.undo()
        house.store.write(Batch([reading(2), reading(3)], NOW))
        assert [dict(each)["north/shed"].position.seq for each in house.wrote] == [1, 2, 3]
    assert values(empty.url) == [1.0, 2.0, 3.0]


def test_one_collector_writes_at_a_time(empty: Postgres) -> None:
    """The second is told so, until the first has gone; what is newer is left alone."""
    second = House(empty.url)
    with House(empty.url), pytest.raises(StoreError, match="another collector"):
        second.store.open()
    with second, psycopg.connect(empty.url, autocommit=True) as db:
        db.execute("INSERT INTO sig_gateway.version VALUES (99)")
    with pytest.raises(StoreError, match="newer version"):
        House(empty.url).store.open()


def test_what_is_too_old_goes(empty: Postgres) -> None:
    """Readings by their time; and ids do not reach back so far then."""
    with House(empty.url, keep_ms=5500) as house:
        house.store.write(Batch([reading(seq) for seq in range(1, 11)], NOW))
        assert house.archive.since(EventId(NOW, 4), 10) is not None
        assert not house.store.maintain(NOW + 10_000)
        assert house.archive.since(EventId(NOW, 4), 10) is None
    assert values(empty.url) == [float(seq) for seq in range(5, 11)]


def test_points_are_those_of_a_file(empty: Postgres, tmp_path: Path) -> None:
    """Least, greatest, mean and gaps, at every zoom."""
    chance = random.Random(4711)
    batches: list[list[Item]] = []
    at = NOW
    for seq in range(1, 200):
        at += chance.choice((700, 1000, 9000, 61_000))
        items: list[Item] = [reading(seq, at, round(chance.uniform(-5, 30), 2))]
        if chance.random() < 0.1:
            items.append(Mark(SENDER, at + 300, "gone"))
        batches.append(items)
    file = Store(tmp_path / "history.db", keep_ms=LONG_MS, keep_events_ms=LONG_MS, most_bytes=10**9)
    file.open()
    with House(empty.url) as house, Archive(tmp_path / "history.db") as archive:
        for items in batches:
            house.store.write(Batch(items, at))
            plain = [each._replace(receipt=None) if isinstance(each, Reading) else each for each in items]
            file.write(Batch(plain, at))
        for since, until, points in (
            (NOW, at + 5000, 10),
            (NOW + 60_000, NOW + 600_000, 500),
            (NOW, at, 77),
            (NOW, at, 1),
        ):
            expected = archive.points(SENDER, since, until, points)
            found = house.archive.points(SENDER, since, until, points)
            assert expected is not None
            assert found is not None
            assert (found.unit, found.first, list(found.gaps)) == (
                expected.unit,
                expected.first,
                list(expected.gaps),
            )
            assert len(found.buckets) == len(expected.buckets)
            for ours, theirs in zip(found.buckets, expected.buckets, strict=True):
                assert ours == pytest.approx(theirs, abs=1e-6)
    file.close()
