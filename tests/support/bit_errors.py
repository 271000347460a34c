"""What a line that flips bits costs a board that keeps its readings: by arithmetic, and as it was.

A line of n bytes comes whole with the chance (1 - rate)^8n: each flipped bit damages it, as all of its bytes
are checked, or mark its ends. A reading is sent once, and again until it comes: in the end as often as it
takes, on average 1 / (that chance) times.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

AROUND = len("$*00000000\n")
"""Bytes of a line beside its body."""


class Cost(NamedTuple):
    """Of readings: how many they are, how many bytes their lines were, first ones and repeated ones, and how
    many those would be on average if each were repeated only as often as the errors make it."""

    readings: int
    sent: int
    unavoidable: float

    @property
    def ratio(self) -> float:
        """Of the bytes that were sent to those that are unavoidable."""
        return self.sent / self.unavoidable


def damaged(body: str, rate: float) -> float:
    """The chance that a line with that body is."""
    whole: float = (1 - rate) ** (8 * (len(body) + AROUND))
    return 1 - whole


def cost(bodies: Iterable[str], rate: float) -> Cost:
    """Of what a board has said while bits were flipped at that `rate`."""
    bodies = list(bodies)
    boot = _boot(bodies)
    readings, sent, unavoidable = 0, 0, 0.0
    for body in bodies:
        letter, *fields = body.split(" ")
        if letter == "A" and len(fields) == 5:
            del fields[0]
            letter = "R"
        if letter not in "RB":
            continue
        sent += len(body) + AROUND
        if letter == "R":
            readings += 1
            again = f"B {boot} {' '.join(fields)}"
            repeats = damaged(body, rate) / (1 - damaged(again, rate))
            unavoidable += len(body) + AROUND + repeats * (len(again) + AROUND)
    return Cost(readings, sent, unavoidable)


def _boot(bodies: Sequence[str]) -> str:
    return next((body.split(" ")[5] for body in bodies if body.startswith("H ")), "1")
