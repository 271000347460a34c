"""The checksum of NMEA 0183."""

import pytest

from drivers.stream.text.checksum import unwrap
from drivers.stream.text.fields import DamagedError


def framed(body: bytes, start: bytes = b"$") -> bytes:
    """A line with its checksum, by another way than the code's."""
    checksum = 0
    for byte in body:
        checksum ^= byte
    return start + body + f"*{checksum:02X}".encode()


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", b"GPGGA,123519,48"),
        (b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r", b"AIVDM,1,1,,B,177"),
        (b" \0$OSMSG,LR,512*6d \r\n", b"OSMSG,LR,512"),
        (b"$*00", b""),
    ],
)
def test_good_lines(line: bytes, body: bytes) -> None:
    """Of the standard, and of sketches: lower case, and white space around it."""
    assert unwrap(line).startswith(body)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"$",
        b"*00",
        b"OSMSG,LR,512*6D",
        b"x$OSMSG,LR,512*6D",
        b"$OSMSG,LR,512",
        b"$OSMSG,LR,512*6",
        b"$OSMSG,LR,512*6DD",
        b"$OSMSG,LR,512*0x6D",
        b"$A*41$B*42",
        framed(b"A*41J$B"),
        framed(b"A*41JB"),
        framed(b"A$B"),
    ],
)
def test_what_has_not_the_form(line: bytes) -> None:
    """It begins with its `$`, and has one `*`."""
    with pytest.raises(DamagedError, match=r"expected \$, a body, \* and two hexadecimal digits"):
        unwrap(line)


def test_a_wrong_checksum_is_shown_with_the_right_one() -> None:
    """So that one can see what the sketch counts differently."""
    with pytest.raises(DamagedError, match=r"wrong checksum, is '51', should be '6D'"):
        unwrap(b"$OSMSG,LR,512*51")


@pytest.mark.parametrize("body", [b"OSMSG,LR,512", b"T,21.5", b"", b"!,*"[:2]])
def test_damage_of_one_bit_never_passes(body: bytes) -> None:
    """Of a line and its neighbour, whatever it makes of their ends. The case of a digit is no damage."""
    line = framed(body) + b"\n" + framed(b"B,40.1") + b"\n"
    for position in range(8 * len(line)):
        damaged = bytearray(line)
        damaged[position // 8] ^= 1 << position % 8
        for piece in bytes(damaged).replace(b"\r", b"\n").split(b"\n"):
            try:
                assert unwrap(piece) in (body, b"B,40.1")
            except DamagedError:
                continue
