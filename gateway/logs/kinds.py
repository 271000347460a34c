"""Which lines are alike: those that differ in numbers alone. Pure.

A name that ends in a number (`board2`, `ttyUSB1`) is another name: what is said of it for the first time is
news. So only numbers that stand by themselves are taken away.
"""

from __future__ import annotations

import logging
import re
from typing import NamedTuple

LONGEST = 200
"""Characters of a message that tell kinds apart; behind them may be anybody's bytes."""
_NUMBER = re.compile(r"(?<![\w.-])[-+]?\d[\d.,:]*(?:e[-+]?\d+)?(?![\w-])", re.IGNORECASE)
_HEX = re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE)
_BYTES = re.compile(r"""\bb'(?:[^'\\]|\\.)*'?|\bb"(?:[^"\\]|\\.)*"?""")


class Kind(NamedTuple):
    """Of a line: who says it, how loud, and what but for its numbers."""

    logger: str
    level: int
    text: str


def kind_of(record: logging.LogRecord) -> Kind:
    """The record's."""
    text = record.getMessage()[: 2 * LONGEST]
    for pattern in (_BYTES, _HEX, _NUMBER):
        text = pattern.sub("0", text)
    return Kind(record.name, record.levelno, text[:LONGEST])
