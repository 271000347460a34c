"""Out of one history and into another."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.encoding import encode
from gateway.event_id import EventId
from gateway.history.archive import Archive
from gateway.history.buckets import DAY, HOUR
from gateway.history.rows import Batch, Item, Kept, Mark, Reading, Untimed
from gateway.history.transfer.incoming import Counting, Counts, Importing
from gateway.history.transfer.outgoing import Wanted, exported
from gateway.history.transfer.reading import BadLine, Names, records
from gateway.history.transfer.records import Record, Silence
from gateway.history.transfer.writing import FORMATS
from tests.support.in_memory import IN_MEMORY
from tests.support.past import NOON, new_store, reading, remember

NOW = NOON + 30 * DAY
names = st.sampled_from(["a", "b", 'c,"\n\\'])
times = st.integers(0, 4 * DAY).map(lambda after: NOON + after // 1000 * 1000) | st.integers(0, 20).map(
    lambda hours: NOON + hours * HOUR
)
values = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-500, 500).map(lambda n: n / 10)
readings = st.builds(
    reading, names, times, values, st.sampled_from(["°C", "K"]), st.none() | st.text(min_size=1, max_size=5)
)
events = st.builds(
    Kept,
    st.builds(EventId, times, st.integers(0, 2)),
    names,
    st.sampled_from(["hot", "#stale"]),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2).map(encode),
)
marks = st.builds(Mark, names, times, st.text(max_size=5))
untimed = st.builds(
    Untimed,
    st.sampled_from(["b00t", "b001"]),
    st.integers(0, 9),
    st.integers(0, 9),
    readings | events | marks,
)


ALL = Wanted()


def lines(folder: Path, wanted: Wanted = ALL, form: str = "jsonl") -> list[str]:
    """What is in the history of that folder, as it is exported."""
    head, line = FORMATS[form]
    with Archive(folder / "data" / "history.db") as archive:
        return [*([head] if head else []), *map(line, exported(archive, wanted, NOW, lambda part: None))]


def bring(folder: Path, found: Sequence[str]) -> None:
    """Import them there."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with new_store(folder) as store, Archive(folder / "data" / "history.db") as archive:
        Importing(store, archive, NOW).add(good(found))


def good(found: Sequence[str]) -> list[Record]:
    """All of them are."""
    made = [record for _, record in records([line.encode() for line in found], Names())]
    assert not [record for record in made if isinstance(record, BadLine)]
    return [record for record in made if not isinstance(record, BadLine)]


@settings(max_examples=30, deadline=None)
@pytest.mark.parametrize("form", FORMATS)
@given(
    st.lists(readings | marks | events | untimed, max_size=25, unique=True), st.none() | st.integers(0, 40)
)
def test_the_same_again(form: str, items: list[Item], alive: int | None) -> None:
    """What is exported, imported elsewhere and exported there is the same; and so it is when it comes twice,
    and when it was cut off the first time."""
    with TemporaryDirectory(dir=IN_MEMORY) as folder:
        one, other = Path(folder) / "one", Path(folder) / "other"
        one.mkdir()
        newest = max((item.time for item in items if isinstance(item, Reading | Mark)), default=NOON)
        remember(one, items, None if alive is None else max(newest, NOON + alive * HOUR))
        first = lines(one, form=form)
        bring(other, first[: len(first) // 2])
        bring(other, first)
        assert lines(other, form=form) == first
        bring(other, first)
        assert lines(other, form=form) == first


def test_the_order(tmp_path: Path) -> None:
    """Day by day, and in it by sensor and time; gaps between; then events; then what has no time."""
    waits = Untimed("b00t", 5, 6, reading("a", NOON, 1))
    remember(
        tmp_path,
        [
            reading("b", NOON, 1, "%"),
            reading("a", NOON + HOUR, 2),
            Kept(EventId(NOON, 0), "a", "hot", "{}"),
            Mark("a", NOON + 13 * HOUR, "stale"),
            reading("a", NOON + DAY, 3),
            reading("b", NOON + DAY + HOUR, 4, "%"),
            waits,
        ],
        alive=NOON + DAY,
    )
    found = good(lines(tmp_path))
    assert [getattr(record, "sender", "") + str(getattr(record, "value", "")) for record in found] == [
        *("a2.0", "b1.0"),
        *("a", "a3.0", "a", "b4.0", "b"),  # its last gap begins when the gateway was last at work
        *("a", ""),
    ]
    gap, off = found[2], found[4]
    assert gap[1:] == (NOON + 13 * HOUR, NOON + DAY, "stale")
    assert off[1:3] == (NOON + DAY, None)
    assert found[-1] == waits


def test_a_part(tmp_path: Path) -> None:
    """From then, and before then; a gap that began earlier begins with it. What has no time is not in it."""
    remember(
        tmp_path,
        [
            reading("a", NOON, 1),
            Mark("a", NOON + HOUR, "stale"),
            reading("a", NOON + 3 * HOUR, 2),
            reading("a", NOON + 4 * HOUR, 3),
            reading("b", NOON + 3 * HOUR, 4),
            *(Kept(EventId(NOON + hour * HOUR, 0), "a", "hot", "{}") for hour in range(6)),
            Untimed("b00t", 5, 6, Mark("a", 5, "stale")),
        ],
    )
    part = Wanted(NOON + 2 * HOUR, NOON + 4 * HOUR, frozenset("a"))
    gap, row, *events_of = good(lines(tmp_path, part))
    assert gap == ("a", NOON + 2 * HOUR, NOON + 3 * HOUR, "stale")
    assert row[:4] == ("a", "°C", NOON + 3 * HOUR, 2.0)
    assert [event.id.ms for event in events_of if isinstance(event, Kept)] == [
        NOON + 2 * HOUR,
        NOON + 3 * HOUR,
    ]
    assert len(events_of) == 2
    assert {record.sender for record in good(lines(tmp_path, Wanted(senders=frozenset("b"))))} == {"b"}  # type: ignore[union-attr]


def test_how_far_it_is(tmp_path: Path) -> None:
    """By time; the last word is all."""
    remember(tmp_path, [reading("a", NOON, 1), reading("a", NOW - HOUR, 2)])
    told: list[float] = []
    with Archive(tmp_path / "data" / "history.db") as archive:
        list(exported(archive, Wanted(), NOW, told.append))
    assert len(told) == 31
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_events_of_two_gateways(tmp_path: Path) -> None:
    """Two that have one id are both kept, once each, however often they come."""
    mine, theirs = (Kept(EventId(NOON, 0), "a", "hot", f'{{"of":{number}}}') for number in range(2))
    more = Kept(EventId(NOON, 1), "a", "hot", '{"of":2}')
    remember(tmp_path, [mine])
    written = list(map(FORMATS["jsonl"].line, (theirs, more, theirs)))
    for _ in range(2):
        bring(tmp_path, written)
        found = [record for record in good(lines(tmp_path)) if isinstance(record, Kept)]
        assert [event.data for event in found] == ['{"of":0}', '{"of":1}', '{"of":2}']
        assert [event.id.number for event in found] == [0, 1, 2]


def test_many(tmp_path: Path) -> None:
    """Days are sealed on the way: little waits to be."""
    step = 60_000
    some = [reading("a", NOON + number * step, 20 + number % 7 / 10) for number in range(12 * 1440)]
    bring(tmp_path, list(map(FORMATS["jsonl"].line, some)))
    found = good(lines(tmp_path))
    assert [(record.time, record.value) for record in found if isinstance(record, Reading)] == [
        (one.time, one.value) for one in some
    ]
    assert (tmp_path / "data" / "history.db").stat().st_size < 20 * len(some)


def test_what_there_was() -> None:
    """Is counted, by its kind, and of whom."""
    counting = Counting()
    waits = Untimed("b", 1, 2, reading("d", 5, 1))
    some: list[Record] = [
        reading("a", 5, 1),
        reading("b", 5, 1),
        waits,
        Kept(EventId(5, 0), "c", "hot", "{}"),
        Silence("a", 5, None, "x"),
    ]
    for record in some:
        counting.add(record)
    assert counting.counts == Counts(2, 1, 1, 1, frozenset("abcd"))


def test_a_writer_is_not_disturbed(tmp_path: Path) -> None:
    """Between two lines nothing of the file is held: its log is begun anew as if nobody read."""
    log = tmp_path / "data" / "history.db-wal"
    step = 60_000
    path = remember(tmp_path, [reading("a", NOON + number * step, number % 7) for number in range(3000)])
    written = 0
    with new_store(tmp_path) as store, Archive(path) as archive:
        for number, _ in enumerate(exported(archive, ALL, NOW, lambda part: None)):
            if number % 10 == 0 and number < 3000:
                some = [reading("b", NOON + 20 * DAY + number * 1000 + later, 1) for later in range(100)]
                store.write(Batch(some, None))
                written += log.stat().st_size > 0
                assert log.stat().st_size < 1_500_000  # twice that where one reads all the time
    assert written == 300
