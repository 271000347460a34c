"""Lines of names and values: `T:21.5,H:40.1`, `L: 512 T: 22`, `Humidity: 40.1%  Temperature: 21.5°C 70.7°F`.

A name begins with a letter and ends at `:` or `=`; it may have single spaces in it (`Heat index`). A value
is a number, perhaps with a unit; more numbers may follow it, which are `NAME.2`, `NAME.3`. A unit that stands
apart from its number is known by a list, for else `512 T: 22` had the unit T.
"""

import re
from collections.abc import Iterator, Sequence

from drivers.stream.text.fields import Field, UnfitError
from drivers.stream.text.numbers import NAN, UNIT, Numbers, Value, no_value, number
from drivers.stream.text.parser import Parser

# White space is matched possessively (`*+`): to share a run of it out between two parts takes a time that
# grows with a power of its length.
_KEY = r"(?<![\w.])([^\W\d][\w.%()/#°-]{0,40}(?:[ ][\w.%()/#°-]{1,40}){0,9})[ \t]*+[:=]=?>?[ \t]*+"
_APART = (
    r"(?i:deg(?:rees?)?\.?(?:[ ]?(?:c|f|k|celsius|fahrenheit))?|(?:[°º˚*][ ]?)?[cfk]|celsius|fahrenheit"
    r"|%(?:[ ]?rh)?|rh%?|percent|lx|lux|[hkm]?pa|m?bar|pp[mb]|[km]?v|[mµu]?a|[km]?wh?|[ckm]?m|m/s|km/h"
    r"|[mµμu]g/m[3³]|db[am]?|[mµu]?s|min|h|[km]?hz|m?l|k?g|[km]?Ω|k?ohms?|raw|counts?)"
)
# `:` and `=` are not among them: what stands before these is a name. A point ends a sentence.
_ENDS = r"(?=\.?(?:\s|$)|[,;|&)\]}>#!])(?![ \t]*+[:=])"
# `21,5` is 21.5 in half of Europe, and two numbers elsewhere; with `decimal: ","` it is known. `1,013.25` is
# most likely a thousand and thirteen, and no list.
_UNCLEAR = re.compile(r"[+-]?(?:[0-9]+,[0-9]+(?![0-9.]|,[0-9])|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9])")


class PairsParser(Parser):
    """See the module."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        value = rf"(?:{number(numbers.decimal)}|{NAN})(?:[ ]?{_APART}{_ENDS}|{UNIT}{_ENDS})"
        self._value = re.compile(value)
        more = rf"(?:[ \t]*+(?:[,;/|][ \t]*+)?{value})*+"
        self._pair = re.compile(rf"{_KEY}(?:({value}{more})|([^\s,;|&:=]+)(?![^\s,;|&]))?")

    def parse(self, text: str) -> Sequence[Field]:
        """See `Parser`."""
        fields = [
            Field(" ".join(match[1].split()), *value)
            for match in self._pair.finditer(text)
            for value in self._values(match[2], match[3] or "")
        ]
        if not fields:
            raise UnfitError("no `name: value` and no `name=value` in it")
        return fields

    def _values(self, values: str | None, word: str) -> Iterator[Value]:
        if values is None:
            yield self._numbers.read(word)
        elif self._numbers.decimal == "." and _UNCLEAR.match(values):
            yield no_value(values, sure=False)
        else:
            for match in self._value.finditer(values):
                yield self._numbers.read(match[0])
