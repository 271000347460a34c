"""Random damage to the outbox's file: it opens always, no value is wrong, and every lost row is told of."""

import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.loss import Loss
from gateway.mqtt.outbox.events_table import Bounds, Row
from gateway.mqtt.outbox.sieve import DAMAGED
from gateway.mqtt.outbox.store import Store
from tests.support.fake_clock import START_UTC
from tests.support.fake_machine import FakeMachine, StagedClock

ROOMY = Bounds(1_000_000, 1_000_000_000, 1e12)
SENDERS = ("temp", "hum", "Büro a/b", "light")
PAGE = 4096
AT_REST, RUNNING = 1000, 200
"""How often the whole test damages a file; the ordinary one does a tenth of it."""


class Written(NamedTuple):
    """All that was ever written, by uid, and what has been deleted again."""

    rows: dict[str, Row]
    deleted: set[str]
    gaps: dict[str, tuple[str, int]]
    notes: dict[str, str]


def write(folder: Path, chance: random.Random) -> tuple[Store, Written]:
    """A file as an outage leaves it: rows of some sizes, the first of them and a few others deleted."""
    uids = iter(f"g{number}" for number in range(10_000))
    store = Store(folder / "mqtt.db", ROOMY, lambda: next(uids), StagedClock(FakeMachine(START_UTC + 1e6)))
    store.open()
    written = Written({}, set(), {}, {})
    for _ in range(chance.randint(1, 12)):
        add(store, written, chance, chance.randint(1, 60))
    gone = [row_id for row_id in range(1, store.next_id) if row_id < 10 or chance.random() < 0.02]
    by_id = {row.id: uid for uid, row in written.rows.items()}
    written.deleted.update(by_id[row_id] for row_id in gone if row_id in by_id)
    store.write((), gone, {("temp", "the outbox was full"): Loss(START_UTC, START_UTC + 1, 7)})
    written.gaps["temp"] = ("the outbox was full", 7)
    written.notes.update({f"sig/test/{name}/state": "" for name in SENDERS})
    store.note_retained("topic", written.notes)
    return store, written


def add(store: Store, written: Written, chance: random.Random, count: int) -> None:
    first = store.next_id
    rows = []
    for row_id in range(first, first + count):
        head = "{" + chance.choice("abcdef") * chance.choice((1, 150, 150, 150, 900, 9000))
        at = START_UTC + row_id
        sender = chance.choice(SENDERS)
        rows.append(Row(row_id, at, sender, "#changed", f"u-{row_id}", head, "boot", row_id / 8, known=True))
    store.write(rows, (), {})
    written.rows.update({row.uid: row for row in rows})


Damage = Callable[[Path, random.Random], None]


def flip(path: Path, chance: random.Random) -> None:
    """Some bytes here and there, or one bit."""
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 1, 5, 40)) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, chance: random.Random) -> None:
    """A sector, a page or more, with zeros or noise."""
    data = bytearray(path.read_bytes())
    size = chance.choice((512, PAGE, 4 * PAGE))
    for _ in range(chance.choice((1, 1, 3))):
        at = chance.randrange(0, len(data) + 1, 512)
        end = min(len(data), at + size)
        data[at:end] = bytes(end - at) if chance.random() < 0.5 else chance.randbytes(end - at)
    path.write_bytes(data)


def repeat(path: Path, chance: random.Random) -> None:
    """A page stands in another's place."""
    data = bytearray(path.read_bytes())
    if len(data) >= 2 * PAGE:
        one, other = (chance.randrange(len(data) // PAGE) * PAGE for _ in range(2))
        data[other : other + PAGE] = data[one : one + PAGE]
    path.write_bytes(data)


def cut(path: Path, chance: random.Random) -> None:
    """The end is missing. A shorter log is a log like any other: of that nobody could tell."""
    size = path.stat().st_size
    if not path.name.endswith("-wal"):
        with path.open("r+b") as file:
            file.truncate(chance.choice((0, size // 2, chance.randint(0, size))))


def remove(path: Path, _: random.Random) -> None:
    """The file is missing, and its log is there. Without both there is nothing that anybody could tell, nor
    without the log alone: then the file is whole, and of earlier."""
    if path.with_name(f"{path.name}-wal").exists():
        path.unlink()


def count_cells(path: Path, chance: random.Random) -> None:
    """A page says that it holds fewer rows than it does, which SQLite believes."""
    data = bytearray(path.read_bytes())
    pages = [at for at in range(PAGE, len(data), PAGE) if data[at] in (5, 13) and data[at + 4] > 1]
    if pages:
        at = chance.choice(pages)
        data[at + 4] = chance.randrange(data[at + 4])
    path.write_bytes(data)


DAMAGES: tuple[Damage, ...] = (flip, flip, flip, overwrite, overwrite, repeat, cut, remove, count_cells)


class Found(NamedTuple):
    """What is there afterwards, and what the log says."""

    rows: dict[str, Row]
    counted: int
    said: str


def look(path: Path, caplog: pytest.LogCaptureFixture) -> Found:
    """As the next gateway would: twice, as what is found on the way is told of behind it."""
    caplog.clear()
    store = Store(path, ROOMY, lambda: f"n{random.random()}", StagedClock(FakeMachine(START_UTC + 2e6)))
    store.open()
    rows = read_all(store)
    gaps = store.gaps(0, 1000)
    store.retained("topic")
    store.close()
    return Found(
        rows,
        sum(gap.lost for gap in gaps if gap.reason == DAMAGED),
        "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING),
    )


def read_all(store: Store) -> dict[str, Row]:
    found: dict[str, Row] = {}
    last = 0
    while page := store.after(last, 100):
        last = page[-1].id
        found.update({row.uid: row for row in page})
    return found


def judge(found: Found, written: Written) -> int:
    """No value is wrong, and what is lost is told of; returns how many are lost."""
    for uid, row in found.rows.items():
        assert uid in written.rows
        assert row[1:] == written.rows[uid][1:]
    lost = written.rows.keys() - written.deleted - found.rows.keys()
    if lost:
        assert found.said, lost
    if not any(text in found.said for text in ("set aside", "is empty")):
        assert found.counted >= len(lost), (len(lost), found)
    return len(lost)


def at_rest(seed: int, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One file, closed or left by a kill, damaged in one way."""
    chance = random.Random(seed)
    made, hurt = folder / "made", folder / "hurt"
    made.mkdir()
    store, written = write(made, chance)
    if chance.random() < 0.5:
        store.close()
        shutil.copytree(made, hurt)
    else:
        shutil.copytree(made, hurt)
        store.close()
    chance.choice(DAMAGES)(chance.choice(sorted(hurt.iterdir())), chance)
    judge(look(hurt / "mqtt.db", caplog), written)
    shutil.rmtree(made)
    shutil.rmtree(hurt)


def running(seed: int, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One file that is damaged while it is open, and is written and read meanwhile and afterwards."""
    chance = random.Random(seed)
    folder.mkdir()
    store, written = write(folder, chance)
    caplog.clear()
    delivered: dict[str, Row] = {}
    counted = 0
    try:
        for _ in range(chance.randint(1, 4)):
            path = chance.choice(sorted(path for path in folder.iterdir() if ".damaged-" not in path.name))
            harm_in_place(path, chance)
            add(store, written, chance, chance.randint(1, 200))
            delivered.update(read_all(store))
        counted = sum(gap.lost for gap in store.gaps(0, 1000) if gap.reason == DAMAGED)
    finally:
        store.close()
    said = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    found = look(folder / "mqtt.db", caplog)
    # What was read while it was there has been delivered; a gap may tell of it too, when it is gone later.
    judge(Found(delivered | found.rows, max(counted, found.counted), f"{said}{found.said}"), written)
    shutil.rmtree(folder)


def harm_in_place(path: Path, chance: random.Random) -> None:
    """As a card does it: the file is the same, what stands in it is not."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(chance.choice((1, 1, 5))):
            length = min(size, chance.choice((1, 1, 512, PAGE)))
            file.seek(chance.randint(0, size - length))
            file.write(chance.randbytes(length))


@pytest.mark.parametrize("seed", range(AT_REST // 10))
def test_damage_at_rest(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It opens, each row that comes out is one that was written, and what does not is told of."""
    at_rest(seed, tmp_path, caplog)


@pytest.mark.parametrize("seed", range(RUNNING // 10))
def test_damage_while_it_runs(seed: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The same, and it goes on."""
    running(seed, tmp_path / "data", caplog)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_damage_a_thousand_times(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """All of it, at rest and running; the seed is in the folder's name."""
    for seed in range(AT_REST):
        (tmp_path / f"rest-{seed}").mkdir()
        at_rest(seed, tmp_path / f"rest-{seed}", caplog)
    for seed in range(RUNNING):
        running(seed, tmp_path / f"running-{seed}", caplog)
