"""What history answers: what is on disk, and what the recorder has not written yet. Any thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sig
from drivers.reading import format_ms
from gateway.encoding import decode
from gateway.event_id import EventId
from gateway.history.answer import MOST_POINTS, as_json
from gateway.history.intake import event_of
from gateway.history.recorder import Status
from gateway.history.rows import Item, Kept, Mark, Reading, Series, Untimed
from gateway.storage.schema import StoreError

MOST_ROWS, MOST_MARKS = 10_000, 1000
"""What one answer has of what is not written yet: 300 and 250 kB at most, of the 1 MB that a message has."""

FLUSH_S = 5.0
"""What a commit that is asked for may take: a pause of the recorder's thread, and a slow card."""


class Archive(Protocol):
    """See `gateway.history.archive`. All of it may raise StoreError."""

    def points(
        self, sender: str, since_ms: int, until_ms: int, points: int, unwritten: Sequence[Item] = ()
    ) -> Series | None: ...
    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None: ...


class Recorder(Protocol):
    """See `gateway.history.recorder`."""

    @property
    def lost_until(self) -> EventId: ...
    @property
    def status(self) -> Status: ...
    def unwritten(self) -> list[Item]: ...
    def flush(self, within_s: float) -> bool: ...


class Recall:
    """The disk is always asked after the recorder: what is written between the two is in both answers, and
    never in none."""

    def __init__(self, archive: Archive, recorder: Recorder) -> None:
        self._archive = archive
        self._recorder = recorder

    def points(self, sender: str, since_ms: int, until_ms: int, points: int) -> Series | None:
        """At most so many, for a chart of that time; None for a sender of which there is nothing."""
        unwritten = [item for item in self._recorder.unwritten() if _inner(item).sender == sender]
        return self._archive.points(sender, since_ms, until_ms, points, unwritten)

    def since(self, after: EventId, limit: int) -> Sequence[Kept] | None:
        """At most so many events after that one, in order; None if some of them may be missing."""
        unwritten = [event for item in self._recorder.unwritten() if (event := event_of(item)) is not None]
        if after < self._recorder.lost_until:
            return None
        written = self._archive.since(after, limit)
        if written is None:
            if not unwritten or after < unwritten[0].id:
                return None
            written = []
        found = {event.id: event for event in [*written, *unwritten] if event.id > after}
        return [found[key] for key in sorted(found)[:limit]]

    def unwritten(self, params: Any) -> dict[str, Any]:
        """The request `history` of the gateway's own sender: what is said of a sender and not on disk yet, or
        `written_until` after all of it was written; or, of a time in UTC ms, the points of it all, as HTTP
        answers them. Raises `sig.BadParams`, `sig.UnknownSender` for points of nobody, and `sig.RemoteError`
        where it cannot be written or read."""
        if params == {"write": True}:
            return self._written()
        if isinstance(params, dict) and params.keys() == {"sender", "since", "until", "points"}:
            return self._asked_points(**params)
        sender = params.get("sender") if isinstance(params, dict) else None
        if not isinstance(sender, str) or params.keys() != {"sender"}:
            expected = '{"sender": NAME}, {"write": true} or {"sender", "since", "until", "points"}'
            raise sig.BadParams(f"history: expected {expected}, got {params!r:.100}")
        return self._of_sender(sender)

    def _asked_points(self, sender: Any, since: Any, until: Any, points: Any) -> dict[str, Any]:
        numbers = type(since) is type(until) is type(points) is int
        if not numbers or not isinstance(sender, str) or since >= until or not 0 < points <= MOST_POINTS:
            expected = f"a sender, since before until as UTC in ms, and 1 to {MOST_POINTS} points"
            raise sig.BadParams(f"history: expected {expected}")
        try:
            found = self.points(sender, since, until, points)
        except StoreError as error:
            raise sig.RemoteError(f"the history cannot be read: {error}") from None
        if found is None:
            raise sig.UnknownSender(f"there is no history of '{sender}'")
        answer: dict[str, Any] = decode(as_json(sender, since, until, found))
        return answer

    def _written(self) -> dict[str, Any]:
        if not self._recorder.flush(FLUSH_S):
            problem = self._recorder.status.problem or f"it takes longer than {FLUSH_S:g} s"
            raise sig.RemoteError(f"history cannot be written now: {problem}")
        return {"written_until": _told(self._recorder.status.written_until)}

    def _of_sender(self, sender: str) -> dict[str, Any]:
        timed = [item for item in self._recorder.unwritten() if not isinstance(item, Untimed)]
        mine = [item for item in timed if item.sender == sender]
        rows = [(item.time, item.value, item.quality) for item in mine if isinstance(item, Reading)]
        marks = [(item.time, item.reason) for item in mine if isinstance(item, Mark)]
        return {
            "written_until": _told(self._recorder.status.written_until),
            "rows": [list(row) for row in rows[-MOST_ROWS:]],
            "marks": [list(mark) for mark in marks[-MOST_MARKS:]],
        }


def _told(time: int | None) -> str | None:
    return None if time is None else format_ms(time)


def _inner(item: Item) -> Reading | Mark | Kept:
    return item.item if isinstance(item, Untimed) else item
