"""Sizes of files in the config: `500MB`, `1GB`, or a number of bytes."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(kB|KB|MB|GB|TB)")
_BYTES = {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_size(value: object) -> int:
    """In bytes. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a size such as 500MB or 1GB, or bytes, got {value!r}")
    return round(float(match[1]) * _BYTES[match[2]])


AS_SIZE = BeforeValidator(parse_size)
Size = Annotated[int, AS_SIZE]
"""Bytes, from what docs/configuration.md says under "Sizes"."""


def written(size: int) -> str:
    """As somebody would write it: `500MB`, or a number of bytes."""
    for unit, factor in reversed(_BYTES.items()):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
