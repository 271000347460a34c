"""What of a batch is written, and how far each gateway is then: in the same transaction, so that a kill
leaves either both or none. Pure.

    next of its gateway's         it is written, and the cursor is behind it
    not the next                  what was before it was lost on the way (no memory): it is left out, and all
                                  comes again, from the cursor on
    of a later epoch              the gateway has been off in between: nothing is known of its values from the
                                  last that was heard of it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.collect.placed import Placed
from gateway.fleet.message import START, Position
from gateway.history.intake import OFF
from gateway.history.rows import Item, Mark, Untimed, receipt_of


class Cursor(NamedTuple):
    """All events up to `position` are safe; that one was triggered at `utc_ms`."""

    position: Position = START
    utc_ms: int = 0


class Admitted(NamedTuple):
    """What is to be written: the items, and the cursors that are new, by gateway."""

    items: list[Item]
    cursors: dict[str, Cursor]


class Admission:
    """Of one store. `admit`, then `wrote` once that is written; nothing has happened if it is not."""

    def __init__(self) -> None:
        self._cursors: dict[str, Cursor] = {}
        self._turns: dict[str, tuple[int, int]] = {}  # life and turn of the last that is written
        self._senders: dict[str, set[str]] = {}  # by gateway, whose values may hold
        self._new: tuple[dict[str, Cursor], dict[str, tuple[int, int]], dict[str, set[str]]] = ({}, {}, {})

    def opened(self, cursors: Mapping[str, Cursor], senders: Iterable[str]) -> None:
        """What the store has."""
        self._cursors, self._turns, self._senders = dict(cursors), {}, {}
        for name in senders:
            self._senders.setdefault(gateway_of(name), set()).add(name)

    def admit(self, items: Iterable[Item]) -> Admitted:
        """Without their receipts, as what they are for is known here."""
        kept: list[Item] = []
        cursors: dict[str, Cursor] = {}
        turns: dict[str, tuple[int, int]] = {}
        senders: dict[str, set[str]] = {}
        self._new = cursors, turns, senders
        for item in items:
            placed = receipt_of(item)
            if not isinstance(placed, Placed):
                kept.append(item)
                continue
            name = placed.identity
            if not self._is_next(placed, turns.get(name) or self._turns.get(name)):
                continue
            before = cursors.get(name) or self._cursors.get(name) or Cursor()
            if before.position != START and placed.boot != before.position.epoch:
                known = self._senders.get(name, set()) | senders.get(name, set())
                kept += [Mark(each, before.utc_ms, OFF) for each in sorted(known)]
            turns[name] = placed.life, placed.turn
            cursors[name] = Cursor(placed.position, placed.utc_ms)
            senders.setdefault(name, set()).add(_sender(item))
            kept.append(_without_receipt(item))
        return Admitted(kept, cursors)

    def wrote(self) -> None:
        """What `admit` returned last is safe."""
        cursors, turns, senders = self._new
        self._cursors |= cursors
        self._turns |= turns
        for name, some in senders.items():
            self._senders.setdefault(name, set()).update(some)
        self._new = {}, {}, {}

    @staticmethod
    def _is_next(placed: Placed, last: tuple[int, int] | None) -> bool:
        life, turn = last or (0, 0)
        if placed.life == life:
            return placed.turn == turn + 1
        return placed.life > life and placed.turn == 1


def gateway_of(sender: str) -> str:
    """`site/gateway` of `site/gateway/sender`."""
    return sender.rpartition("/")[0]


def _sender(item: Item) -> str:
    return (item.item if isinstance(item, Untimed) else item).sender


def _without_receipt(item: Item) -> Item:
    if isinstance(item, Untimed):
        inner = item.item
        return item if isinstance(inner, Mark) else item._replace(item=inner._replace(receipt=None))
    return item if isinstance(item, Mark) else item._replace(receipt=None)
