"""Rows as they are read: those that are what was written, and losses in place of the others."""

from __future__ import annotations

from typing import Any

from gateway.loss import Loss
from gateway.mqtt.outbox.schema import EVENTS, SCHEMA, is_name

DAMAGED = "damaged on disk"
MOST_NAMES = 1000
"""Senders of bad rows that are told apart; those of more are counted together."""


class Sieve:
    """For events in the order of their ids. Of a bad row nothing is believed but its id: not its time, in
    place of which those of its neighbours are told, nor its sender, unless a sound row has the same."""

    def __init__(self, now: Loss) -> None:
        self._now = now
        self._names: set[str] = set()
        self._before: Loss | None = None
        self._pending: dict[str, int] = {}
        self._found: dict[str, Loss] = {}
        self.bad: list[int] = []
        """The ids of those that are not what was written."""

    def take(self, values: tuple[Any, ...]) -> bool:
        """Whether it is what was written."""
        row_id, time, sender, *_ = values
        if SCHEMA.is_sound(EVENTS, values):
            *_, boot, at, known, _ = values
            near = Loss.of(time, at if boot else None, boot, known=bool(known))
            self._names.add(sender)
            self._close(near)
            self._before = near
            return True
        self.bad.append(row_id)
        name = sender if is_name(sender) else ""
        if name not in self._pending and len(self._pending) >= MOST_NAMES:
            name = ""
        self._pending[name] = self._pending.get(name, 0) + 1
        return False

    def losses(self) -> dict[str, Loss]:
        """Of the bad ones, by sender; once all have been taken."""
        self._close(None)
        losses: dict[str, Loss] = {}
        for name, loss in self._found.items():
            add(losses, name if name in self._names else "", loss)
        return losses

    def _close(self, after: Loss | None) -> None:
        if not self._pending:
            return
        ends = [end for end in (self._before, after) if end is not None] or [self._now]
        for name, count in self._pending.items():
            loss = ends[0].times(count)
            loss.add(ends[-1].times(0))
            add(self._found, name, loss)
        self._pending.clear()


def add(losses: dict[Any, Loss], key: Any, loss: Loss) -> None:
    """One more, which becomes the dict's own."""
    known = losses.setdefault(key, loss)
    if known is not loss:
        known.add(loss)
