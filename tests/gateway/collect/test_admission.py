"""`gateway.collect.admission`: what of a batch is written, and how far each gateway is then."""

from __future__ import annotations

from gateway.collect.admission import Admission, Cursor
from gateway.collect.placed import Placed
from gateway.event_id import EventId
from gateway.fleet.message import Position
from gateway.history.rows import Item, Kept, Mark, Untimed

SENDER = "north/shed/temp"


def item(seq: int, turn: int, life: int = 1, epoch: int = 7, sender: str = SENDER) -> Kept:
    """An event of the gateway `north/shed`, triggered `seq` s after the beginning."""
    gateway = sender.rpartition("/")[0]
    placed = Placed(gateway, Position(epoch, seq), seq * 1000, life, turn, 10, lambda _receipt, _safe: None)
    return Kept(EventId(seq, 0), sender, "#late", str(seq), placed)


def seqs(items: list[Item]) -> list[str]:
    """What was let in."""
    return [each.data for each in items if isinstance(each, Kept)]


def opened(cursors: dict[str, Cursor] | None = None) -> Admission:
    """Of a store that has these."""
    made = Admission()
    made.opened(cursors or {}, [SENDER] if cursors else [])
    return made


def test_what_follows_is_let_in_and_the_cursor_is_behind_it() -> None:
    """And its receipt, which history's ledger would take for a board's, is taken off."""
    admission = opened()
    found = admission.admit([item(4, 1), item(9, 2)])
    assert seqs(found.items) == ["4", "9"]
    assert all(isinstance(each, Kept) and each.receipt is None for each in found.items)
    assert found.cursors == {"north/shed": Cursor(Position(7, 9), 9000)}


def test_what_was_not_written_is_no_step() -> None:
    """After a commit that failed the same is let in again."""
    admission = opened()
    first = admission.admit([item(4, 1)])
    assert admission.admit([item(4, 1), item(5, 2)]).items[:1] == first.items
    admission.wrote()
    assert seqs(admission.admit([item(4, 1), item(5, 2), item(6, 3)]).items) == ["6"]


def test_behind_what_was_lost_nothing_is_let_in_until_it_comes_again() -> None:
    """The cursor must not pass over it; a new life begins with its first."""
    admission = opened()
    admission.admit([item(1, 1)])
    admission.wrote()
    behind = admission.admit([item(3, 3), item(4, 4)])
    assert (behind.items, behind.cursors) == ([], {})
    admission.wrote()
    assert admission.admit([item(3, 2, life=2)]).items == []
    again = admission.admit([item(2, 1, life=2), item(3, 2, life=2), item(5, 5)])
    assert seqs(again.items) == ["2", "3"]


def test_each_gateway_has_its_own_turns() -> None:
    """And its own cursor."""
    admission = opened()
    found = admission.admit([item(1, 1), item(1, 1, sender="north/house/temp"), item(2, 3)])
    assert len(found.items) == 2
    assert {name: each.position.seq for name, each in found.cursors.items()} == {
        "north/shed": 1,
        "north/house": 1,
    }


def test_of_a_new_epoch_the_gateway_was_off_before() -> None:
    """Nothing is known of its senders from the last that was heard of it; of other gateways' it is."""
    admission = opened({"north/shed": Cursor(Position(7, 3), 3000)})
    first = admission.admit([item(4, 1), item(9, 2, sender="north/shed/hum"), item(1, 3, epoch=8)])
    marks = [each for each in first.items if isinstance(each, Mark)]
    assert marks == [Mark(f"north/shed/{name}", 9000, "the gateway was off") for name in ("hum", "temp")]
    assert first.items.index(marks[0]) == 2
    assert not any(isinstance(each, Mark) for each in opened().admit([item(1, 1)]).items)


def test_what_has_no_place_goes_through() -> None:
    """A mark of the recorder's own, and an event of no gateway."""
    mark, kept = Mark(SENDER, 5, "lost"), Kept(EventId(5, 0), "a", "b", "1")
    assert opened().admit([mark, kept]).items == [mark, kept]
    untimed = Untimed("boot", 1, 1, item(4, 1))
    (found,) = opened().admit([untimed]).items
    assert isinstance(found, Untimed)
    assert isinstance(found.item, Kept)
    assert found.item.receipt is None
