"""Fields: what the parts of a line's body may be (docs/protocol.md, section 2)."""

import re

from drivers.stream.sensorline.frame import LineError

MAX_NUMBER = 2**53 - 1
MAX_ID = 65535
MAX_BOOT = 2**32 - 1
MAX_CHANNELS = 64
MAX_KEPT = 65535

WORD = rb"([!-~]{1,24})"
NUMBER = rb"(0|[1-9][0-9]{0,15})"
VALUE = rb"(-?[0-9]+(?:\.[0-9]+)?)"
VALUE_OR_FAULT = rb"(?:" + VALUE + rb"|!([!-~]{1,24}))"
_MORE = rb"(?: [ -~]*[!-~])?"  # fields of a later version
_MAX_DIGITS = 15


def pattern(*fields: bytes, optional: bytes = b"") -> re.Pattern[bytes]:
    """A body of these fields; an `optional` one after them; and whatever a later version appends."""
    rest = _MORE if not optional else rb"(?: " + optional + _MORE + rb")?"
    return re.compile(b" ".join(fields) + rest)


def parse_number(field: str, low: int, high: int) -> int:
    """A number field from `low` to `high`. Raises `LineError`."""
    if re.fullmatch(NUMBER, field.encode()) is None:
        raise LineError(f"not a number: {field!r}")
    return to_number(field.encode(), low, high)


def to_number(field: bytes, low: int, high: int) -> int:
    """The same of one that is known to have a number's form."""
    found = int(field)
    if not low <= found <= high:
        raise LineError(f"expected a number from {low} to {high}, got {found}")
    return found


def to_value(field: bytes) -> float:
    """Of one that is known to have a value's form. Raises `LineError` for too many digits."""
    # Only a long field can have too many digits: the two other characters are '-' and '.'.
    if len(field) > _MAX_DIGITS and len(field.replace(b".", b"").replace(b"-", b"")) > _MAX_DIGITS:
        raise LineError(f"expected at most {_MAX_DIGITS} digits, got {field!r}")
    return float(field)
