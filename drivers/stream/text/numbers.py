"""Numbers as sketches print them: `21.50`, `-4`, `40.10 %`, `21.0*C`, `523.33 lx`, `nan`, or no number."""

import math
import re
from typing import NamedTuple

# After a number: °C in its many spellings, %RH, lx, ug/m3, deg C. Not what makes another number of it: 0x1F.
UNIT = (
    r"(?![xX][0-9A-Fa-f])"
    r"(?:deg(?:rees?)?\.?[ ]?)?(?:Â?[°º˚ß*%‰][ ]?)?"
    r"(?:[A-Za-zµμΩ]{1,10}[²³23]?(?:/[A-Za-zµμ]{1,3}[²³23]?)?)?%?"
)
# What Arduino's print has for a float that is no number, or above 4294967040.
NAN = r"[+-]?(?i:nan|inf|ovf)(?!\w)"
# "21.5 error" is no value in a unit called error.
_FAILED = frozenset({"error", "err", "fail", "failed", "invalid", "timeout", "nan"})
_SHOWN = 40


class Value(NamedTuple):
    """See `drivers.stream.text.fields.Field`, which it is without a name."""

    value: float | None
    fault: str | None = None
    sure: bool = True


def number(decimal: str) -> str:
    """A regular expression for a number with `decimal` as its point."""
    point = re.escape(decimal)
    return rf"[+-]?(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"


class Numbers:
    """Reads texts that are a number, perhaps with a unit behind it. `decimal`: "." or ","."""

    def __init__(self, decimal: str) -> None:
        self.decimal = decimal
        self._number = re.compile(rf"\s*({number(decimal)})\s?({UNIT})\s*")
        self._nan = re.compile(rf"{NAN}\s?{UNIT}")

    def read(self, text: str) -> Value:
        """What `text`, and not only its beginning, says."""
        match = self._number.fullmatch(text)
        if match is not None and match[2].lower() not in _FAILED:
            value = float(match[1].replace(self.decimal, "."))
            return Value(value) if math.isfinite(value) else no_value(match[1])
        text = text.strip()
        if not text:
            return Value(None, "the field is empty", sure=False)
        return no_value(text, sure=self._nan.fullmatch(text) is not None)


def no_value(text: str, *, sure: bool = True) -> Value:
    """`text` is there in place of a number."""
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return Value(None, f"the board reports {shown!r} instead of a value", sure)
