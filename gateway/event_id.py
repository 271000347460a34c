"""An event's id, by which a client says what it has seen. Pure."""

from __future__ import annotations

from typing import NamedTuple


class EventId(NamedTuple):
    """`ms`: UTC, of when it was heard, never less than that of the event before; `number`: within that ms.
    So ids ascend over restarts."""

    ms: int
    number: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> EventId | None:
        """None for what is no id of ours."""
        ms, dash, number = text.partition("-")
        if not (dash and ms.isascii() and ms.isdigit() and number.isascii() and number.isdigit()):
            return None
        return cls(int(ms), int(number)) if len(text) <= 40 else None

    def next(self, utc: float) -> EventId:
        """Of the event after this one, heard then, in seconds."""
        ms = max(self.ms, round(utc * 1000))
        return EventId(ms, self.number + 1 if ms == self.ms else 0)


BEFORE_ALL = EventId(-1, 0)
