"""`gateway.collect.site_store`: events and cursors in one transaction of a real file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from gateway.collect.admission import Cursor
from gateway.collect.placed import Placed
from gateway.collect.site_store import SiteStore
from gateway.event_id import EventId
from gateway.fleet.message import Position
from gateway.history.rows import Batch, Reading
from gateway.history.sealed import GOOD
from gateway.history.store import Store
from gateway.storage.schema import StoreError

NOW = 1_790_000_000_000


def reading(seq: int, life: int = 1, time: int | None = None) -> Reading:
    """The `seq`th of its gateway's, and the `seq`th turn."""
    at = NOW + seq if time is None else time
    placed = Placed("north/shed", Position(7, seq), at, life, seq, 10, lambda _receipt, _safe: None)
    return Reading("north/shed/temp", "°C", at, float(seq), GOOD, None, seq, EventId(at, seq), receipt=placed)


class Kept:
    """A store at a path, and what it has told."""

    def __init__(self, path: Path) -> None:
        self.had: Mapping[str, Cursor] | None = None
        self.wrote: list[Mapping[str, Cursor]] = []
        self.path = path
        store = Store(path, keep_ms=10**12, keep_events_ms=10**12, most_bytes=10**9)
        self.store = SiteStore(path, store, self._had, self.wrote.append)

    def _had(self, cursors: Mapping[str, Cursor]) -> None:
        self.had = cursors

    def seqs(self) -> list[int]:
        """Of all readings there."""
        with closing(sqlite3.connect(self.path)) as db:
            return [seq for (seq,) in db.execute("SELECT seq FROM readings ORDER BY time")]


def test_cursors_are_found_again(tmp_path: Path) -> None:
    """With the events that they are of; what was written comes no second time."""
    path = tmp_path / "north" / "history.db"
    first = Kept(path)
    first.store.open()
    assert first.had == {}
    first.store.write(Batch([reading(1), reading(2)], NOW))
    first.store.write(Batch([reading(1), reading(2), reading(3)], NOW))
    assert first.wrote[-1] == {"north/shed": Cursor(Position(7, 3), NOW + 3)}
    first.store.close()
    second = Kept(path)
    second.store.open()
    assert second.had == {"north/shed": Cursor(Position(7, 3), NOW + 3)}
    second.store.close()
    assert second.seqs() == [1, 2, 3]


def test_what_fails_has_moved_no_cursor(tmp_path: Path) -> None:
    """The same batch is written when it can be."""
    kept = Kept(tmp_path / "history.db")
    kept.store.open()
    kept.store.write(Batch([reading(1)], NOW))
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            kept.store.write(Batch([reading(2)], NOW))
        other.execute("ROLLBACK")
    assert len(kept.wrote) == 1
    kept.store.write(Batch([reading(2)], NOW))
    assert kept.wrote[-1]["north/shed"].position == Position(7, 2)
    kept.store.close()
    assert kept.seqs() == [1, 2]


def test_two_readings_of_one_millisecond_are_both_kept(tmp_path: Path) -> None:
    """In one batch and in two."""
    kept = Kept(tmp_path / "history.db")
    kept.store.open()
    kept.store.write(Batch([reading(1, time=NOW), reading(2, time=NOW)], NOW))
    kept.store.write(Batch([reading(3, time=NOW), reading(4, time=NOW + 2)], NOW))
    kept.store.close()
    assert sorted(kept.seqs()) == [1, 2, 3, 4]


def test_a_folder_that_cannot_be_made_is_a_problem_of_the_store(tmp_path: Path) -> None:
    """Which is tried again, as a full disk is."""
    (tmp_path / "north").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        Kept(tmp_path / "north" / "history.db").store.open()
