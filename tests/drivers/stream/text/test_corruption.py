"""A bad cable: with `checksum: nmea` what gets through is counted; docs/text.md says what happens without.

Eight bits of checksum let some damage through: two wrong bits in the same position of their bytes undo each
other, which is 2.9 % of all lines with two wrong bits; other damage passes in one of 256 lines, and few of
these make a number of a number. One wrong bit never passes. docs/text.md has the numbers from here.
"""

from collections.abc import Callable
from random import Random

import pytest

from drivers.source import Measurement
from tests.drivers.stream.text.made import made
from tests.support.examples import examples

# Arithmetic: the same on each Python, and minutes where coverage is measured.
pytestmark = pytest.mark.once
COUNT = examples(50_000)
OF = 100_000
"""Lines of which docs/text.md tells how many get through."""


def checked(body: str) -> bytes:
    """A line with its checksum."""
    checksum = 0
    for byte in body.encode():
        checksum ^= byte
    return f"${body}*{checksum:02X}\n".encode()


def flipped(bits: int) -> Callable[[bytes, Random], bytes]:
    """So many bits of a line wrong."""

    def damage(line: bytes, random: Random) -> bytes:
        damaged = bytearray(line)
        for position in random.sample(range(8 * len(line)), bits):
            damaged[position // 8] ^= 1 << position % 8
        return bytes(damaged)

    return damage


def garbled(line: bytes, random: Random) -> bytes:
    """Three to eight bytes in a row are any others."""
    start, length = random.randrange(len(line) - 8), random.randint(3, 8)
    return line[:start] + random.randbytes(length) + line[start + length :]


def without_a_part(line: bytes, random: Random) -> bytes:
    """One byte is lost, or comes twice."""
    start = random.randrange(len(line))
    return line[:start] + line[start : start + 1] * 2 * random.randrange(2) + line[start + 1 :]


def wrong_values(damage: Callable[[bytes, Random], bytes]) -> int:
    """How many of `COUNT` damaged lines deliver a value that was not in them."""
    random, wrong = Random(1), 0
    talk = made(format="pairs", checksum="nmea")
    for number in range(COUNT):
        value = f"{number * 7919 % 100_003 / 100:.2f}"
        events = talk.receive(damage(checked(f"T:{value},H:40.10"), random) + b"\n", 2.0)
        sent = {("T", float(value)), ("H", 40.1)}
        wrong += any(
            isinstance(event, Measurement)
            and event.value is not None
            and (event.channel, event.value) not in sent
            for event in events
        )
    print(f"{COUNT} damaged lines, {wrong} wrong, {talk.counters}")
    assert talk.counters["lines"] < COUNT / 10
    return wrong


@pytest.mark.parametrize("damage", [flipped(1), without_a_part], ids=["one bit", "one byte lost or doubled"])
def test_small_damage_never_gets_through(damage: Callable[[bytes, Random], bytes]) -> None:
    """In no line."""
    assert wrong_values(damage) == 0


@pytest.mark.parametrize(
    ("damage", "least", "most"),
    [(flipped(2), 2500, 3300), (flipped(3), 0, 60), (flipped(5), 0, 60), (garbled, 0, 60)],
    ids=["two bits", "three bits", "five bits", "garbled"],
)
def test_large_damage_gets_through_by_chance(
    damage: Callable[[bytes, Random], bytes], least: int, most: int
) -> None:
    """As often as docs/text.md says."""
    assert least * COUNT <= wrong_values(damage) * OF <= most * COUNT
