"""SQLite's write-ahead log, read without SQLite, which ends it in silence where a frame is broken.

Source: https://www.sqlite.org/fileformat2.html, 4 (the write-ahead log).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

HEADER, FRAME = 32, 24
"""Bytes of the log's header, and of each frame's, before its page."""
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
"""By which order of bytes the checksums are made."""
PAGE_SIZES = tuple(1 << power for power in range(9, 17))


class Frame(NamedTuple):
    """Where its page begins in the log, and which page it is. `last`: with it a transaction ended.
    `ours`: it is of the log's present round; what is left of an earlier one is not."""

    at: int
    page: int
    last: bool
    ours: bool


class Log(NamedTuple):
    """`cut`: why SQLite would end it early, or nothing; `page_size`: 0 if nobody knows. `at_end`: only the
    last transaction is cut, as by a power cut while it was written: each is synced before the next."""

    page_size: int
    frames: list[Frame]
    cut: str
    at_end: bool = False


def read(path: Path, page_size: int = 4096) -> Log:
    """All frames of a log, in order, also those behind a broken one. `page_size`: where its header does not
    say. There is nothing in a log that is not there, or is empty. Raises OSError."""
    try:
        with path.open("rb") as file:
            return _read(file, page_size)
    except FileNotFoundError:
        return Log(0, [], "")


def _read(file: BinaryIO, page_size: int) -> Log:
    header = file.read(HEADER)
    if len(header) < HEADER:
        return Log(0, [], "")
    magic, _, size, _, *salts, sum1, sum2 = struct.unpack(">8I", header)
    order = MAGIC.get(magic, "")
    sums = _checksum(header[:24], (0, 0), order or ">")
    good_header = bool(order) and sums == (sum1, sum2)
    if good_header or size in PAGE_SIZES:
        page_size = size
    frames, broken_at, cut, at_end = list[Frame](), 0 if good_header else 1, "", good_header
    for number, (start, page) in enumerate(_frames(file, page_size), 1):
        if not broken_at:
            sums = _checksum(_HEAD.pack(*start[:2]) + page, sums, order)
            if start[2:4] != tuple(salts) or start[4:6] != sums:
                broken_at = number
        ours = not good_header or start[2] == salts[0] or start[3] == salts[1]
        last = start[1] != 0
        if broken_at and ours and last:  # else it is a transaction that was never ended, or an earlier round
            at_end = at_end and not cut
            cut = f"its write-ahead log is broken at frame {broken_at}"
        at = HEADER + (number - 1) * (FRAME + page_size) + FRAME
        frames.append(Frame(at, start[0], last, ours))
    return Log(page_size, frames, cut, bool(cut) and at_end)


_HEAD = struct.Struct(">2I")


def _frames(file: BinaryIO, page_size: int) -> Iterator[tuple[tuple[int, ...], bytes]]:
    while len(data := file.read(FRAME + page_size)) == FRAME + page_size:
        yield struct.unpack_from(">6I", data), data[FRAME:]


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = sums
    for word, following in struct.iter_unpack(f"{order}2I", data):
        one = (one + word + two) & 0xFFFFFFFF
        two = (two + following + one) & 0xFFFFFFFF
    return one, two
