"""A browser's screenshot as a small file: 256 colors, which is all that a page of flat colors needs.

A browser compresses quickly and not well. Only what Chromium writes is read: 8 bits, RGB, not interlaced.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLORS = 256
RGB = 2
PALETTE = 3


def small_png(png: bytes) -> bytes:
    """The same picture; colors beyond the 256 most frequent become the nearest of those."""
    width, height, rows = _rows(png)
    pixels = [[bytes(row[at : at + 3]) for at in range(0, width * 3, 3)] for row in rows]
    often = Counter(color for row in pixels for color in row)
    palette = [color for color, _ in often.most_common(COLORS)]
    index = {color: at for at, color in enumerate(palette)}
    for color in often:
        if color not in index:
            index[color] = _nearest(color, palette)
    body = b"".join(b"\0" + bytes(index[color] for color in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(body, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _nearest(color: bytes, palette: list[bytes]) -> int:
    def distance(at: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(color, palette[at], strict=True))

    return min(range(len(palette)), key=distance)


def _rows(png: bytes) -> tuple[int, int, list[bytearray]]:
    width, height, depth, kind = struct.unpack_from(">IIBB", png, 16)
    assert (depth, kind) == (8, RGB), (depth, kind)
    at, packed = len(SIGNATURE), b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(packed), width * 3
    rows, above = [], bytearray(stride)
    for start in range(0, height * (stride + 1), stride + 1):
        above = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), above)
        rows.append(above)
    return width, height, rows


def _unfiltered(kind: int, row: bytearray, above: bytearray) -> bytearray:
    """PNG's five ways to say a byte by those on its left (a), above (b), and above that (c)."""
    if kind == 0:
        return row
    for at, byte in enumerate(row):
        a, b, c = (row[at - 3], above[at], above[at - 3]) if at >= 3 else (0, above[at], 0)
        row[at] = (byte + (a, b, (a + b) >> 1, _paeth(a, b, c))[kind - 1]) & 255
    return row


def _paeth(a: int, b: int, c: int) -> int:
    return min((a, b, c), key=lambda value: abs(a + b - c - value))
