"""A bad cable: with `checksum: nmea` what gets through is counted; docs/text.md says what happens without.

Of 100,000 lines that a bad cable damaged, 8 bits of checksum let some through: by chance one in 256, and more
where damage is two bits, for two in the same position of their bytes undo each other. None of them is of one
bit. The numbers that docs/text.md has are from here.
"""

from random import Random

from drivers.source import Measurement
from tests.drivers.stream.text.made import made, said

COUNT = 100_000


def checked(body: str) -> bytes:
    """A line with its checksum."""
    checksum = 0
    for byte in body.encode():
        checksum ^= byte
    return f"${body}*{checksum:02X}\n".encode()


def flipped(line: bytes, bits: int, random: Random) -> bytes:
    """With so many bits of it wrong."""
    damaged = bytearray(line)
    for position in random.sample(range(8 * len(line)), bits):
        damaged[position // 8] ^= 1 << position % 8
    return bytes(damaged)


def garbled(line: bytes, _: int, random: Random) -> bytes:
    """Any three to eight bytes in a row are others."""
    start = random.randrange(len(line) - 8)
    length = random.randint(3, 8)
    return line[:start] + random.randbytes(length) + line[start + length :]


def passed(damage: object, bits: int) -> int:
    """How many wrong values get through of `COUNT` damaged lines."""
    random, wrong = Random(bits), 0
    for number in range(COUNT):
        value = f"{number * 7919 % 100_003 / 100:.2f}"
        line = checked(f"T:{value},H:40.10")
        talk = made(format="pairs", checksum="nmea")
        events = said(talk, [damage(line, bits, random)])  # type: ignore[operator]
        measured = [(e.channel, e.value) for e in events if isinstance(e, Measurement)]
        wrong += any(pair not in (("T", float(value)), ("H", 40.1)) for pair in measured)
    return wrong


def test_one_wrong_bit_never_gets_through() -> None:
    """Of 100,000."""
    assert passed(flipped, 1) == 0
