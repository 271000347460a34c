"""Sketches that print text: which keys of the protocol `text` would read it, and what is in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from drivers.stream.port_settings import PortSettings
from drivers.stream.text.reader import decoded
from drivers.stream.text.shapes import guess
from gateway.probe.found import Found, FoundChannel, Question

# With so many lines nothing more is to be learnt: also of a sketch with a line for each of ten quantities.
ENOUGH_LINES = 20
# One line is no proof: it may be a banner.
LEAST_LINES = 2
_NUMBER_AND_UNIT = re.compile(
    r"(-?\d+(?:[.,]\d+)?)\s*(°\s?[CFK]|(?:deg(?:rees)? ?)?[CFK]|%|k?lx|lux|[hk]?Pa|ppm|m?V)(?![A-Za-z])"
)


class TextDetector:
    """See `gateway.probe.found.Detector`. It asks nothing: what a sketch would answer to, only its maker
    knows."""

    protocol = "text"

    def heard(self, data: bytes) -> Found | None:
        """By its newest lines. The first may lack its beginning."""
        lines = data.split(b"\n")[:-1]
        half, lines = (lines[0], lines[1:]) if len(lines) > LEAST_LINES else (b"", lines)
        if len(lines) < LEAST_LINES or (shape := guess(lines, half)) is None:
            return None
        texts = [decoded(line).strip() for line in lines]
        units = _units(texts)
        channels = tuple(
            FoundChannel(name, unit=units.get(value, ""), value=value) for name, value in shape.fields.items()
        )
        example = next((text for text in reversed(texts) if re.search(r"\d", text)), shape.example)
        what = f"lines such as {example!r}; {shape}"
        complete = len(lines) >= ENOUGH_LINES
        return Found(self.protocol, what, channels, shape.format_options, "sketch", complete=complete)

    def questions(self, _at: PortSettings | None) -> Sequence[Question]:
        """None."""
        return ()

    def answered(self, _answers: Sequence[tuple[Question, bytes]]) -> Found | None:
        """Nobody."""
        return None


def _units(texts: Sequence[str]) -> dict[float, str]:
    """By number, the unit that stands behind it wherever it is followed by one; none where that differs."""
    found = defaultdict[float, set[str]](set)
    for text in texts:
        for number, unit in _NUMBER_AND_UNIT.findall(text):
            found[float(number.replace(",", "."))].add(re.sub("(deg(rees)?|°) ?", "°", unit))
    return {number: units.pop() for number, units in found.items() if len(units) == 1}
