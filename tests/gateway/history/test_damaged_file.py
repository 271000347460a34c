"""Random damage to the file at rest: it opens always, no reading is wrong, and what is whole is there."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.event_id import EventId
from gateway.history.archive import Archive
from gateway.history.buckets import DAY, HOUR, MINUTE
from gateway.history.rows import Batch, Item, Kept, Mark, Reading
from gateway.history.schema import PAGE_BYTES
from gateway.history.sealed import GOOD, SUSPECT
from gateway.history.store import Store
from gateway.storage.schema import StoreError

START = 20_000 * DAY
DAYS, STEP = 5, 20 * MINUTE
SENDERS = ("temp", "hum")
FAR = 1 << 45
TIMES, FEW = 400, 25


def store_at(path: Path) -> Store:
    return Store(path, keep_ms=400 * DAY, keep_events_ms=400 * DAY, most_bytes=10**9)


def value_of(sender: str, time: int) -> float:
    return (time // STEP % 977) / 4 + SENDERS.index(sender)


def reading(sender: str, time: int) -> Reading:
    """Each eleventh is suspect."""
    reason = "too high" if time // STEP % 11 == 0 else None
    quality = SUSPECT if reason else GOOD
    return Reading(sender, "°C", time, value_of(sender, time), quality, reason, 7, EventId(time, 0))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days that are sealed, one that is not, gaps, events."""
    path = tmp_path_factory.mktemp("whole") / "history.db"
    store = store_at(path)
    store.open()
    for begin in range(START, START + DAYS * DAY, 6 * HOUR):
        times = range(begin, begin + 6 * HOUR, STEP)
        items: list[Item] = [reading(sender, time) for time in times for sender in SENDERS]
        items.append(Mark("temp", begin + 3 * HOUR + 1, "stale"))
        items.extend(Kept(EventId(time + 1, 1), "temp", "hot", f"{time}") for time in times)
        store.write(Batch(items, begin + 6 * HOUR))
    while store.maintain(START + DAYS * DAY):
        pass
    store.close()
    return path


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def blank(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) // 512) * 512
    data[at : at + 512] = bytes(512)


def nonsense(data: bytearray, chance: random.Random) -> None:
    page = chance.randrange(len(data) // PAGE_BYTES) * PAGE_BYTES
    data[page : page + PAGE_BYTES] = chance.randbytes(PAGE_BYTES)


def swap(data: bytearray, chance: random.Random) -> None:
    one, two = (chance.randrange(len(data) // PAGE_BYTES) * PAGE_BYTES for _ in range(2))
    first, second = data[one : one + PAGE_BYTES], data[two : two + PAGE_BYTES]
    data[one : one + PAGE_BYTES], data[two : two + PAGE_BYTES] = second, first


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def rows_of(archive: Archive, sender: str) -> int:
    """How many are there; all are what was written."""
    found = 0
    for row in archive.rows(sender, 0, FAR):
        wanted = reading(sender, row.time)
        assert (row.value, row.unit, row.reason) == (wanted.value, wanted.unit, wanted.reason)
        assert row.time % STEP == 0
        assert START <= row.time < START + DAYS * DAY
        found += 1
    return found


def look(archive: Archive) -> int:
    """Whatever it says is right; it may say that it cannot."""
    try:
        found = sum(rows_of(archive, sender) for sender in SENDERS)
        for sender in SENDERS:
            for span, points in ((DAYS * DAY, 20), (DAY, 1000), (HOUR, 10)):
                series = archive.points(sender, START, START + span, points)
                values = (
                    [value for bucket in series.buckets for value in (bucket.min, bucket.max)]
                    if series
                    else []
                )
                assert all(0 <= value <= 260 for value in values)
            archive.gaps(sender, 0, FAR)
        for event in archive.events(0, FAR):
            assert event.id.ms == int(event.data) + 1
        archive.senders()
        archive.since(EventId(START, 0), 100)
    except StoreError:
        return 0
    return found


@pytest.mark.parametrize("harm", [flip, blank, nonsense, swap, cut])
@pytest.mark.parametrize(
    "seeds",
    [range(FEW), pytest.param(range(FEW, TIMES), marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    ids=["few", "many"],
)
def test_damage(
    whole: Path, quick_path: Path, harm: Callable[[bytearray, random.Random], None], seeds: range
) -> None:
    """By itself, when a gateway opens it, and when it has gone through all of it."""
    every = DAYS * DAY // STEP * len(SENDERS)
    kept = 0
    for seed in seeds:
        folder = quick_path / str(seed)
        folder.mkdir()
        path = folder / "history.db"
        data = bytearray(whole.read_bytes())
        harm(data, random.Random(seed))
        path.write_bytes(data)
        with Archive(path) as archive:
            look(archive)
            store = store_at(path)
            store.open()
            look(archive)
            now = START + DAYS * DAY
            store.write(Batch([reading("temp", now - STEP)], now))
            while store.maintain(now + DAY):
                pass
            store.open()
            kept += look(archive)
        store.close()
        shutil.rmtree(folder)
    if harm is not cut:
        assert kept > 0.8 * every * len(seeds)
