"""What waits for the disk, in bounded memory."""

from gateway.event_id import BEFORE_ALL, EventId
from gateway.history.intake import NOT_CONNECTED
from gateway.history.pending import LOST, ROW_BYTES, UNTIMED_BYTES, Pending, renumbered
from gateway.history.rows import Item, Kept, Mark, Reading, Untimed


def reading(number: int, sender: str = "temp") -> Reading:
    """One of many."""
    return Reading(sender, "°C", 1000 + number, 20.0 + number, 0, None, number, EventId(1000 + number, 0))


def test_a_commit() -> None:
    """What it was given is forgotten when it is done, and what came meanwhile is not."""
    pending = Pending()
    assert (pending.count, pending.bytes, pending.since, pending.all()) == (0, 0, None, [])
    pending.add([reading(1), reading(2)], 5.0)
    pending.add([reading(3)], 6.0)
    assert (pending.count, pending.bytes, pending.since) == (3, 3 * ROW_BYTES, 5.0)
    assert pending.begin() == [reading(1), reading(2), reading(3)]
    pending.add([reading(4)], 7.0)
    assert pending.all() == [reading(1), reading(2), reading(3), reading(4)]
    pending.done(8.0)
    assert (pending.all(), pending.bytes, pending.since) == ([reading(4)], ROW_BYTES, 8.0)
    assert pending.begin() == [reading(4)]
    pending.done(9.0)
    assert (pending.count, pending.bytes, pending.since) == (0, 0, None)


def test_one_that_fails() -> None:
    """Is begun again, with all that waits then."""
    pending = Pending()
    pending.add([reading(1)], 5.0)
    pending.begin()
    pending.add([reading(2)], 6.0)
    assert pending.begin() == [reading(1), reading(2)]
    pending.done(7.0)
    assert pending.all() == []


def test_the_oldest_are_dropped() -> None:
    """Where each sender's readings are lost there is a mark, which is written before those that are left."""
    pending = Pending(3 * ROW_BYTES)
    pending.add([reading(1), reading(2, "hum")], 1.0)
    full = [pending.full]
    pending.add([reading(3)], 1.0)
    assert [*full, pending.full] == [False, True]
    assert pending.trim() == 0
    pending.add([reading(4), reading(5, "hum"), reading(6)], 2.0)
    assert pending.trim() == 3
    assert (pending.lost, pending.lost_until, pending.bytes) == (3, EventId(1003, 0), 3 * ROW_BYTES)
    marks = [Mark("temp", 1001, LOST), Mark("hum", 1002, LOST)]
    assert pending.begin() == [*marks, reading(4), reading(5, "hum"), reading(6)]
    assert pending.count == 5
    pending.done(3.0)
    assert (pending.all(), pending.lost) == ([], 3)


def test_marks_of_losses_last_as_long_as_they_are_not_written() -> None:
    """One for each sender, of the first loss; those that come while others are written stay."""
    pending = Pending(ROW_BYTES)
    pending.add([reading(1), reading(2), reading(3)], 1.0)
    pending.trim()
    assert pending.all() == [Mark("temp", 1001, LOST), reading(3)]
    pending.begin()
    pending.done(2.0)
    pending.add([reading(4, "hum"), reading(5)], 3.0)
    pending.trim()
    assert pending.all() == [Mark("hum", 1004, LOST), reading(5)]


def test_a_mark_that_is_dropped_stays_a_mark() -> None:
    """With its own reason; an event that is dropped makes no gap of a value."""
    pending = Pending(ROW_BYTES)
    event = Kept(EventId(1002, 1), "hum", "hot", "null")
    pending.add([Mark("temp", 1001, NOT_CONNECTED), event, reading(3), reading(4)], 1.0)
    pending.trim()
    assert pending.all() == [Mark("temp", 1001, NOT_CONNECTED), reading(4)]
    assert pending.lost_until == EventId(1003, 0)
    assert Pending().lost_until == BEFORE_ALL


def test_of_an_unset_clock() -> None:
    """What is lost of that time has none, either."""
    pending = Pending(ROW_BYTES + UNTIMED_BYTES)
    first, second = (Untimed("boot", 10 * n, 20 * n, reading(n)) for n in (1, 2))
    pending.add([first, second], 1.0)
    assert (pending.untimed, pending.bytes) == (2, 2 * (ROW_BYTES + UNTIMED_BYTES))
    pending.trim()
    lost = Untimed("boot", 10, 20, Mark("temp", 1001, LOST))
    assert pending.all() == [lost, second]

    def known(item: Item) -> Item:
        return item.item if isinstance(item, Untimed) else item

    pending.replace(known)
    assert pending.all() == [Mark("temp", 1001, LOST), reading(2)]
    assert (pending.untimed, pending.bytes) == (0, ROW_BYTES)
    pending.begin()
    pending.done(1.0)
    pending.add([first], 2.0)
    pending.begin()
    pending.done(3.0)
    assert (pending.untimed, pending.bytes) == (0, 0)


def test_an_event_takes_its_data() -> None:
    """Which may be long."""
    pending = Pending()
    pending.add([Kept(EventId(1, 1), "a", "b", "x" * 1000)], 1.0)
    assert pending.bytes == ROW_BYTES + 1000


def test_what_is_of_an_earlier_time() -> None:
    """Is put before what waits."""
    pending = Pending()
    untimed = Untimed("boot", 1, 2, reading(1))
    pending.add([untimed], 5.0)
    pending.put_first([Mark("temp", 7, "off")], 6.0)
    assert pending.all() == [Mark("temp", 7, "off"), untimed]
    assert (pending.bytes, pending.untimed) == (2 * ROW_BYTES + UNTIMED_BYTES, 1)
    assert pending.since == 5.0


def test_other_ids() -> None:
    """For whatever has one."""
    event = Kept(EventId(3, 0), "a", "b", "null")

    def new(was: EventId) -> EventId:
        return EventId(was.ms + 1, 9)

    assert renumbered(event, new) == event._replace(id=EventId(4, 9))
    assert renumbered(Mark("a", 1, "x"), new) == Mark("a", 1, "x")
    assert renumbered(Untimed("b", 1, 2, event), new) == Untimed("b", 1, 2, event._replace(id=EventId(4, 9)))
