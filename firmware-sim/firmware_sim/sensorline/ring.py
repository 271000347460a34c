"""The readings that a board keeps until they are acknowledged (docs/protocol.md, section 7).

Of each boot what is kept is one run of sequence numbers, as every reading is kept and acknowledging is
cumulative; what is full overwrites the oldest, and of what was overwritten the board knows from, to, and how
many of which channel.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple


class Kept(NamedTuple):
    """A reading as it was: `time` in milliseconds of its boot's clock, `measured_ns` by the caller's."""

    boot: int
    channel: str
    seq: int
    time: int
    value: str
    measured_ns: int


@dataclass(slots=True)
class Past:
    """Of one boot: `first` to `newest` are kept (`first` = `newest` + 1: none). `lost_from` to `lost_to` were
    overwritten and nobody acknowledged that (`lost_to` = 0: none), so many `by_channel`."""

    first: int = 1
    newest: int = 0
    lost_from: int = 0
    lost_to: int = 0
    by_channel: Counter[str] = field(default_factory=Counter)

    @property
    def spent(self) -> bool:
        """Is nothing left to be told of it?"""
        return self.first > self.newest and not self.lost_to


class Ring:
    """Room for `size` readings of any boots; 0: it keeps none."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._boot = 0
        self._pasts: dict[int, Past] = {}  # oldest first; the last is of the boot that runs
        self._kept: OrderedDict[tuple[int, int], Kept] = OrderedDict()  # oldest first

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def boots(self) -> list[int]:
        """Of which there is something to tell, oldest first, and the one that runs."""
        return list(self._pasts)

    def clear(self) -> None:
        """The power is gone."""
        self._pasts.clear()
        self._kept.clear()

    def begin(self, boot: int) -> None:
        """Another boot; of those before there may be readings. The one that has just ended stays in any case:
        that it is named tells that nothing of it was lost."""
        ended = self._boot
        self._pasts = {of: past for of, past in self._pasts.items() if of == ended or not past.spent}
        self._forget(boot)  # the numbers have gone round
        self._boot = boot
        self._pasts[boot] = Past()

    def resize(self, size: int) -> None:
        """Have another size; what has no room any more is overwritten, from the oldest on."""
        self.size = size
        while len(self._kept) > size:
            self._overwrite()

    def keep(self, reading: Kept) -> None:
        """The next of the boot that runs."""
        if not self.size:
            return
        if len(self._kept) >= self.size:
            self._overwrite()
        past = self._pasts[reading.boot]
        if past.first > past.newest:
            past.first = reading.seq
        past.newest = reading.seq
        self._kept[reading.boot, reading.seq] = reading

    def find(self, boot: int, seq: int) -> Kept | None:
        """The reading, if it is kept."""
        return self._kept.get((boot, seq))

    def past(self, boot: int) -> Past | None:
        """What is known of a boot; None: nothing."""
        return self._pasts.get(boot)

    def acknowledge(self, boot: int, seq: int) -> None:
        """Forget what is safe. What the boot has not reached cannot be: then nothing happens."""
        past = self._pasts.get(boot)
        if past is None or seq > past.newest:
            return
        for number in range(past.first, seq + 1):
            del self._kept[boot, number]
        past.first = max(past.first, seq + 1)
        if past.lost_to <= seq:
            past.lost_from = past.lost_to = 0
            past.by_channel.clear()
        if past.spent and boot != self._boot:
            del self._pasts[boot]

    def _overwrite(self) -> None:
        _, oldest = self._kept.popitem(last=False)
        past = self._pasts[oldest.boot]
        past.first = oldest.seq + 1
        past.lost_from = past.lost_from or oldest.seq
        past.lost_to = oldest.seq
        past.by_channel[oldest.channel] += 1

    def _forget(self, boot: int) -> None:
        past = self._pasts.pop(boot, Past())
        for number in range(past.first, past.newest + 1):
            del self._kept[boot, number]
