"""The golden frames of tests/vectors/modbus.json."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "modbus.json").read_text()
)
"""`frames` whole with their CRC, `bad` ones, `profiles` (a device's question, answer and values), `registers`
(words and the value that they stand for), `tcp` (with a header)."""


def hexed(text: str) -> bytes:
    """`01 04` as bytes."""
    return bytes.fromhex(text)
