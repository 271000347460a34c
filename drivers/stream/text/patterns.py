"""Lines that regular expressions read: the key `pattern`."""

import re
from collections.abc import Sequence

from drivers.stream.text.fields import Field, UnfitError
from drivers.stream.text.numbers import Numbers
from drivers.stream.text.parser import Parser

# What `re` takes for a line grows with a power of its length: three `.*` in one expression try 500^3 / 6 ways
# at the worst, which is a second.
MAX_TEXT = 500


class PatternParser(Parser):
    """Each expression that is found in a line counts; its named groups are the fields."""

    comments = False

    def __init__(self, patterns: Sequence[re.Pattern[str]], numbers: Numbers) -> None:
        self._patterns = patterns
        self._numbers = numbers

    def parse(self, text: str) -> Sequence[Field]:
        """See `Parser`. A group that took no part in the match is no field."""
        text = text.strip()
        if len(text) > MAX_TEXT:
            raise UnfitError(f"expected at most {MAX_TEXT} characters for a pattern, got {len(text)}")
        matches = [match for pattern in self._patterns if (match := pattern.search(text)) is not None]
        if not matches:
            raise UnfitError("no pattern is found in it")
        return [
            Field(name, *self._numbers.read(group))
            for match in matches
            for name, group in match.groupdict().items()
            if group is not None
        ]
