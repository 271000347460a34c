"""The board's ring, as CPython runs it: against a list that never forgets, through resets with and without
memory that outlives them."""

import importlib
import random
from collections import Counter
from typing import Any

import pytest

NAMES = ["temp", "hum"]
pytestmark = pytest.mark.usefixtures("firmware")


class Memory:
    """Bytes that outlive a reset."""

    def __init__(self, size: int = 2048) -> None:
        self.size = size
        self.block = b""

    def read(self) -> bytes:
        """What was written last."""
        return self.block

    def write(self, block: bytearray) -> None:
        """In its place."""
        self.block = bytes(block)


def new(size: int, memory: Memory | None = None, names: list[str] | None = None) -> Any:
    """A ring."""
    return importlib.import_module("sensorline.ring").Ring(size, names or NAMES, memory)


def fill(ring: Any, first: int, last: int) -> None:
    """Readings of alternating channels, a second apart."""
    for seq in range(first, last + 1):
        ring.keep(seq, seq * 1000, seq % 2, seq * 10)


def told(ring: Any, boot: int) -> tuple[int, int, int, int, list[int]]:
    """All that it knows of a boot."""
    past = ring.past(boot)
    return past.first, past.newest, past.lost_from, past.lost_to, past.lost


@pytest.mark.parametrize("seed", range(20))
def test_each_reading_is_kept_acknowledged_or_lost(seed: int) -> None:
    """Whatever happens, of each boot that is known: what lies beyond the acknowledgement is kept, as it was,
    or told as lost, and counted."""
    chance = random.Random(seed)
    memory = Memory(chance.choice((230, 300))) if seed % 2 else None
    ring = new(chance.randint(1, 8), memory)
    boot, seq = 1, 0
    ring.begin(boot)
    safe: Counter[int] = Counter()
    kept: dict[int, dict[int, tuple[int, int, int | str]]] = {1: {}}
    for _ in range(300):
        match chance.randrange(12):
            case 0:
                if memory is not None:  # a reset: a new program finds what is in the memory
                    ring = new(ring.size, memory)
                boot, seq = boot + 1, 0
                kept[boot] = {}
                ring.begin(boot)
            case 1 | 2 | 3:
                of, up_to = boot - chance.choice((0, 0, 1, 2)), chance.randint(0, 12)
                ring.acknowledge(of, up_to)
                if ring.past(of) is None or up_to <= max(kept.get(of, {0: 0}), default=0):
                    safe[of] = max(safe[of], up_to)
            case _:
                seq += 1
                what: tuple[int, int, int | str] = (
                    chance.randrange(2**45),
                    seq % 2,
                    chance.choice(("absent", "range", -4000, 0, 655350)),
                )
                kept[boot][seq] = what
                ring.keep(seq, *what)
        assert [past.boot for past in ring.pasts][-1] == boot
        assert len(ring.pasts) <= 4
        held = 0
        for of, readings in kept.items():
            past = ring.past(of)
            for each, what in readings.items():
                found = ring.find(of, each)
                lost = past is not None and past.lost_from <= each <= past.lost_to
                if past is None:
                    assert found is None
                elif each > safe[of]:
                    assert (found == what) != lost
                    held += found is not None
            if past is not None and past.lost_to:
                assert sum(past.lost) == past.lost_to - past.lost_from + 1
        assert held <= ring.size


def test_a_full_ring_holds_all_of_its_size() -> None:
    """Round and round."""
    ring = new(5)
    ring.begin(7)
    fill(ring, 1, 23)
    assert told(ring, 7) == (19, 23, 1, 18, [9, 9])
    assert [ring.find(7, seq) for seq in (18, 19, 23, 24)] == [None, (19000, 1, 190), (23000, 1, 230), None]
    ring.acknowledge(7, 23)
    assert told(ring, 7) == (24, 23, 0, 0, [0, 0])
    ring.acknowledge(7, 24)
    fill(ring, 24, 24)
    assert told(ring, 7) == (24, 24, 0, 0, [0, 0])


def test_a_later_boot_may_be_acknowledged_first() -> None:
    """What is kept of the earlier one stays where it is."""
    memory = Memory()
    ring = new(6, memory)
    ring.begin(7)
    fill(ring, 1, 2)
    ring = new(6, memory)
    ring.begin(8)
    fill(ring, 1, 3)
    ring.acknowledge(8, 2)
    assert [ring.find(7, 2), ring.find(8, 2), ring.find(8, 3)] == [(2000, 0, 20), None, (3000, 1, 30)]
    fill(ring, 4, 5)  # what was acknowledged has its place until it is the oldest
    assert told(ring, 7) == (2, 2, 1, 1, [0, 1])
    ring.acknowledge(7, 2)
    assert ring.past(7) is None
    fill(ring, 6, 8)
    assert told(ring, 8)[:4] == (3, 8, 0, 0)
    fill(ring, 9, 9)
    assert told(ring, 8)[:4] == (4, 9, 3, 3)


def test_the_fifth_boot_pushes_out_the_first() -> None:
    """It is not named any more."""
    memory = Memory()
    for boot in range(1, 6):
        ring = new(50, memory)
        ring.begin(boot)
        fill(ring, 1, 2)
    assert [past.boot for past in ring.pasts] == [2, 3, 4, 5]
    assert ring.find(2, 1) == (1000, 1, 10)


def test_a_boot_without_readings_pushes_nothing_out() -> None:
    """Of a board that restarts often; the one before is named, where there is room: its memory was whole."""
    memory = Memory()
    ring = new(50, memory)
    ring.begin(1)
    fill(ring, 1, 2)
    for boot in range(2, 9):
        ring = new(50, memory)
        ring.begin(boot)
    assert [past.boot for past in ring.pasts] == [1, 7, 8]
    for boot in (8, 9, 10, 11):
        fill(ring, 1, 2)
        ring = new(50, memory)
        ring.begin(boot + 1)
    assert [past.boot for past in ring.pasts] == [9, 10, 11, 12]
    ring = new(50, memory)
    ring.begin(13)
    assert [past.boot for past in ring.pasts] == [9, 10, 11, 13]


@pytest.mark.parametrize("at", [0, 3, 4, 9, 14, 20, 60, 150, 158, 170, 205])
def test_a_memory_that_was_damaged_is_not_used(at: int) -> None:
    """Not a byte of it may differ; nor may it be shorter, or another board's."""
    memory = Memory()
    ring = new(4, memory)
    ring.begin(7)
    fill(ring, 1, 4)
    block = memory.block
    memory.block = block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]
    assert new(4, memory).pasts == []
    memory.block = block[:-1]
    assert new(4, memory).pasts == []
    memory.block = block
    assert new(4, memory, ["temp", "lux"]).pasts == []
    assert [past.boot for past in new(4, memory).pasts] == [7]


def test_ages_go_through_the_boots() -> None:
    """As far as the clocks have run: to the last look at one, and from the start of the next."""
    memory = Memory()
    ring = new(10, memory)
    ring.begin(7)
    fill(ring, 1, 2)
    ring.tick(2900)
    ring = new(10, memory)
    ring.begin(8)
    fill(ring, 1, 1)
    ring = new(10, memory)
    ring.begin(9)
    assert ring.age(7, 2000, 50) == 900 + 1000 + 50
    assert ring.age(8, 1000, 50) == 50
    assert ring.age(9, 20, 50) == 30


def test_a_size_of_none() -> None:
    """Nothing is kept; nor in a memory that has no room for one."""
    for ring in (new(0), new(9, Memory(158))):
        ring.begin(7)
        fill(ring, 1, 2)
        assert ring.size == 0
        assert told(ring, 7) == (1, 0, 0, 0, [0, 0])


def test_how_many_a_memory_has_room_for() -> None:
    """Of an ESP32's 2,048 bytes."""
    assert new(500, Memory()).size == 145
    assert new(100, Memory()).size == 100
