"""The checksum of NMEA 0183: `$` or `!`, a body, `*`, two hexadecimal digits: the XOR of the body's bytes.

It has eight bits: of lines with many damaged bits, one in 256 passes. Damage of a single bit never does,
which is why the line must begin with its `$`, and no body has a `*`: a bit that makes a `$` of another
character, or something else of an LF, would make a new line whose checksum may fit.
"""

from functools import reduce
from operator import xor

from drivers.stream.conversation import escaped
from drivers.stream.text.fields import DamagedError

_STARTS = (b"$", b"!")


def unwrap(line: bytes) -> bytes:
    """The body of a line. Raises `DamagedError`."""
    line = line.strip(b" \t\r\n\0")
    body, star, digits = line[1:-3], line[-3:-2], line[-2:]
    if line[:1] not in _STARTS or star != b"*" or b"*" in body or b"$" in body:
        raise DamagedError("expected $, a body, * and two hexadecimal digits (checksum: nmea)")
    expected = b"%02X" % reduce(xor, body, 0)
    if digits.upper() != expected:
        raise DamagedError(f"wrong checksum, is {escaped(digits)}, should be {escaped(expected)}")
    return body
