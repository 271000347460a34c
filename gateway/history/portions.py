"""A day of any number of readings as one blob: of more than PORTION_ROWS it is in portions, one after the
other, so that a day that grows is sealed by its last one alone. Pure.

    blob     = a day as `sealed` has it, if it is one portion; else head, portions
    head     = "<BI": PORTIONED, how many
    portion  = "<I": its bytes, and these, as `sealed` has them
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence

from gateway.history import sealed
from gateway.history.sealed import Columns, SealedError

PORTIONED = 2
PORTION_ROWS = 100_000
"""A reading a second is one portion. Sealing one takes some 30 MB for a moment."""
_HEAD = struct.Struct("<BI")
_SIZE = struct.Struct("<I")


def seal(rows: Columns, kept: Sequence[bytes] = ()) -> bytes:
    """The blob. `kept`: whole portions that are sealed already, and in which the first rows are. Times
    ascend. Raises `ValueError` as `sealed.seal` does."""
    first = sum(map(_count, kept))
    portions = [
        *kept,
        *(sealed.seal(_some(rows, at, at + PORTION_ROWS)) for at in range(first, len(rows), PORTION_ROWS)),
    ]
    if len(portions) == 1:
        return portions[0]
    if not portions:
        return sealed.seal(rows)  # which refuses it
    return b"".join(
        [_HEAD.pack(PORTIONED, len(portions)), *(_SIZE.pack(len(each)) + each for each in portions)]
    )


def whole(blob: bytes) -> Sequence[bytes]:
    """Its portions that get no more rows: all but the last. Raises `SealedError`."""
    return _portions(blob)[:-1]


def opened(blob: bytes) -> Columns:
    """The rows: as lists if it is one portion, else as arrays, which take a quarter of their memory. Raises
    `SealedError`."""
    portions = _portions(blob)
    if len(portions) == 1:
        return sealed.opened(blob)
    times, values, quality = array("q"), array("d"), bytearray()
    for each in portions:
        rows = sealed.opened(each)
        if times and rows.times[0] <= times[-1]:
            raise SealedError("portions that are not in order")
        times.extend(rows.times)
        values.extend(rows.values)
        quality += rows.quality
    return Columns(times, values, bytes(quality))


def _some(rows: Columns, first: int, end: int) -> Columns:
    return Columns(rows.times[first:end], rows.values[first:end], rows.quality[first:end])


def _count(portion: bytes) -> int:
    return sealed.count_of(portion)


def _portions(blob: bytes) -> Sequence[bytes]:
    if blob[:1] != bytes((PORTIONED,)):
        return [blob]
    try:
        _, count = _HEAD.unpack_from(blob)
        found: list[bytes] = []
        at = _HEAD.size
        for _ in range(count):
            (size,) = _SIZE.unpack_from(blob, at)
            at += _SIZE.size
            found.append(blob[at : at + size])
            at += size
    except struct.error as error:
        raise SealedError(f"expected portions of a day, got {len(blob)} bytes: {error}") from error
    if at != len(blob) or count < 2:
        raise SealedError(f"expected {count} portions of a day, got {len(blob)} bytes")
    return found
