"""Calibration by points: what the source says, and what it ought to have said. Pure."""

import bisect
import itertools
from collections.abc import Sequence

from drivers.options import ABSURD, parse_number

# More than a person measures; a driver that needs a table makes it a conversion of its own.
MAX_POINTS = 64

Point = tuple[float, float]


class Calibration:
    """Piecewise linear through `points`, (raw, true), at least two, `raw` strictly increasing. Beyond the
    outer points, the outer pieces go on. A call takes a raw value and returns the true one."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._raws = [raw for raw, _ in points]
        self._pieces = [
            (left, below, (above - below) / (right - left))
            for (left, below), (right, above) in itertools.pairwise(points)
        ]

    def __call__(self, raw: float) -> float:
        # The piece whose left end is the last point up to `raw`; the outer ones for what is beyond.
        index = bisect.bisect_right(self._raws, raw, 1, len(self._raws) - 1) - 1
        left, true, slope = self._pieces[index]
        return true + (raw - left) * slope

    @property
    def slopes(self) -> tuple[float, float]:
        """The least and the most that a difference of 1 becomes; a piece that is level does not count."""
        steep = [abs(slope) for _, _, slope in self._pieces if slope] or [0.0]
        return min(steep), max(steep)


def parse_points(raw: object) -> tuple[Point, ...]:
    """`[[raw, true], …]`. Raises `ValueError`."""
    problem = f"expected at least two points such as [[0, 0.4], [100, 98.7]], raw values rising, got {raw!r}"
    if not isinstance(raw, list | tuple) or len(raw) < 2:
        raise ValueError(problem)
    if len(raw) > MAX_POINTS:
        raise ValueError(f"expected at most {MAX_POINTS} points, got {len(raw)}")
    points = [_point(pair) for pair in raw]
    for (left, below), (right, above) in itertools.pairwise(points):
        if left >= right:
            raise ValueError(
                f"expected raw values that rise from point to point, got {right:g} after {left:g}"
            )
        if abs(above - below) > ABSURD * (right - left):
            raise ValueError(f"expected points further apart than {left!r} and {right!r}")
    return tuple(points)


def _point(raw: object) -> Point:
    problem = f"expected two numbers, what the source says and what is true, got {raw!r}"
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise ValueError(problem)
    try:
        return parse_number(raw[0]), parse_number(raw[1])
    except ValueError:
        raise ValueError(problem) from None
