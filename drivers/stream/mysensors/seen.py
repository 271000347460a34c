"""Which channels have come, and which may come yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

from drivers.stream.mysensors.nodes import Node, device_of, is_battery
from drivers.stream.unseen import listed

# A node says all that it measures in one waking; some leave out what has not changed, or every other time.
WAKINGS = 3
BATTERY = (
    "node {number} has not said yet how full its battery is: its sketch says so by sendBatteryLevel(), often "
    "only once in hours; nobody can ask for it"
)


class Seen(Sequence[str]):
    """The names of the channels that have come, in that order; see `drivers.stream.conversation`.

    A name is `in` it also when it may come yet: other nodes may say a hundred things while this one sleeps.
    """

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self._nodes = nodes
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """One more, if it is new."""
        self._names.setdefault(name)

    def discard(self, names: Iterable[str]) -> None:
        """A child that is another sensor now does not report these."""
        # A copy: another thread may be looking at the old one.
        self._names = {name: None for name in self._names if name not in names}

    def __contains__(self, name: object) -> bool:
        return name in self._names or (isinstance(name, str) and self._may_come(name))

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._names))

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return tuple(self._names)[index]

    def words(self, name: str) -> str | None:
        """Why a channel has not come; None for one that has, and of a node of which nothing has."""
        number = device_of(name)
        if name in self._names or not _is_number(number):
            return None
        if is_battery(name):
            return BATTERY.format(number=number)
        own = [one for one in self if device_of(one) == number]
        return f"no field {name}; seen: {listed(own)}" if own and name not in self else None

    def _may_come(self, name: str) -> bool:
        number = device_of(name)
        if not _is_number(number):
            return False
        node = self._nodes.get(int(number))
        return node is None or node.silence.wakings < WAKINGS or is_battery(name)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3
