"""Channels that sensors want and that never come, of a device that does not say which channels it has.

A text without the field `temprature` is no error of the line: only after some lines can it be said that the
config means something else than the sketch prints.
"""

from collections.abc import Callable, Mapping, Sequence

from drivers.source import Measurement

# After so many lines, or so many seconds, a channel that has not come is missed.
LINES = 10
SECONDS = 30.0
# Names in a message.
_SHOWN = 12


class UnseenFields:
    """`wanted`: the channels that sensors take, see `drivers.source.Keeper`. For whoever reads the link;
    `missed` may be asked by any thread. `words`: why a channel has not come, where more is known than what
    has."""

    def __init__(
        self,
        wanted: Callable[[], Mapping[str, object]],
        words: Callable[[str], str | None] = lambda _channel: None,
    ) -> None:
        self._wanted = wanted
        self._words = words
        # By channel: when it was first looked for, at which line.
        self._since: dict[str, tuple[float, int]] = {}
        self._missed: dict[str, str] = {}

    def missed(self, channel: str) -> str | None:
        """Why nothing is to be waited for, once that is known."""
        return self._missed.get(channel)

    def look(self, now: float, lines: int, seen: Sequence[str]) -> list[Measurement]:
        """Failed measurements of those that are missed from now on. `lines`: how many fitted so far."""
        wanted = self._wanted()
        fresh = []
        for channel in wanted:
            if channel in seen:
                self._missed.pop(channel, None)
                continue
            since, first = self._since.setdefault(channel, (now, lines))
            if channel in self._missed or (lines - first < LINES and now - since < SECONDS):
                continue
            why = self._words(channel) or f"no field {channel}; seen: {listed(seen)}"
            self._missed[channel] = why
            fresh.append(Measurement(channel, 0, None, why, now))
        self._since = {channel: since for channel, since in self._since.items() if channel in wanted}
        return fresh


def listed(names: Sequence[str]) -> str:
    """For a message: the first of them, and how many more there are."""
    shown = ", ".join(names[:_SHOWN]) or "none"
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
