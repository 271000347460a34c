"""The names of fields that came, and how often each did."""

from collections.abc import Sequence

# A line that is damaged may have a name that no other line has: the table does not grow for ever.
MAX_NAMES = 512


class Names:
    """Written by whoever reads; `seen` may be asked from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    @property
    def seen(self) -> Sequence[str]:
        """In the order in which they came first."""
        return tuple(self._counts)

    def __contains__(self, name: object) -> bool:
        return name in self._counts

    def count(self, name: str) -> int:
        """The name has come once more; how often, with this time. Where the table is full, the first of those
        that came least makes room."""
        times = self._counts.get(name, 0) + 1
        if times == 1 and len(self._counts) >= MAX_NAMES:
            rarest = min(self._counts, key=self._counts.__getitem__)
            # A copy: another thread may be looking at the old one.
            self._counts = {kept: count for kept, count in self._counts.items() if kept != rarest}
        self._counts[name] = times
        return times
