"""A protocol whose board is an object of the test's: it says what it is told to, when it is told to.

links: {board: {protocol: staged, board: north}}
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any

from drivers.errors import LinkLostError, PortNotFoundError
from drivers.options import Option
from drivers.source import Channel, Device, Keeper, Measurement

CHANNEL = "count"
INTERVAL_S = 7200.0


class Board:
    """Plugged in from the beginning. For any thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.plugged = True
        self.says: SimpleQueue[float | None] = SimpleQueue()

    def say(self, value: float) -> None:
        """A measurement; nobody hears it while it is unplugged."""
        if self.plugged:
            self.says.put(value)

    def plug(self, *, plugged: bool) -> None:
        """Pull the cable, or put it back."""
        self.plugged = plugged
        self.says.put(None)


BOARDS: dict[str, Board] = {}


def board(name: str) -> Board:
    """The board of that name."""
    return BOARDS.setdefault(name, Board(name))


class Session:
    """See `drivers.source.Session`."""

    dropped: str | None = None
    waiting = 0

    def __init__(self, board: Board, keeper: Keeper) -> None:
        self.where, self._board, self._keeper = board.name, board, keeper
        self.counters: Mapping[str, int] = {}
        self._seq = 0

    def greet(self, stopping: threading.Event) -> Sequence[Device]:  # noqa: ARG002
        """It answers at once."""
        channel = Channel(CHANNEL, "", "m", 0.0, interval_s=INTERVAL_S)
        return [Device("staged", f"id-{self._board.name}", "1", 1, {CHANNEL: channel})]

    def run(self, stopping: threading.Event) -> None:
        """Until it is unplugged."""
        while not stopping.is_set():
            value = self._board.says.get()
            if not self._board.plugged:
                raise LinkLostError("it was unplugged")
            if value is not None:
                self._seq += 1
                now = self._keeper.clock.monotonic()
                self._keeper.measured(Measurement(CHANNEL, self._seq, value, None, now))

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """Nobody asks."""
        raise NotImplementedError

    def refresh(self, channel: str) -> None:
        """Nothing can be asked."""

    def dropped_since_reading(self, channel: str) -> int:  # noqa: ARG002
        """None ever."""
        return 0

    def wake(self) -> None:
        """See `drivers.source.Session`."""
        self._board.says.put(None)

    def end(self, reason: str) -> None:
        """Nothing was opened."""


class Source:
    """See `drivers.source.Source`."""

    def __init__(self, name: str) -> None:
        self.where = name
        self._board = board(name)

    def open(self, keeper: Keeper) -> Session:
        """See `drivers.source.Source`."""
        if not self._board.plugged:
            raise PortNotFoundError("it is unplugged")
        return Session(self._board, keeper)

    def presence(self) -> object:
        """See `drivers.source.Source`."""
        return self._board.plugged or None

    def close(self) -> None:
        """Nothing was opened."""

    def device_of(self, channel: str) -> str:  # noqa: ARG002
        """The only one."""
        return ""


class Kind:
    """See `drivers.source.SourceKind`."""

    options: Mapping[str, Option] = {"board": Option(str, "", "a name", "Which board.", required=True)}
    sets_intervals = False
    tells_identity = True

    def check(self, parsed: Mapping[str, Any]) -> None:
        """Any name will do."""

    def warnings(self, parsed: Mapping[str, Any]) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        """None."""
        return ()

    def channels(self, parsed: Mapping[str, Any]) -> Collection[str] | None:  # noqa: ARG002
        """One."""
        return (CHANNEL,)

    def source(self, parsed: Mapping[str, Any]) -> Source:
        """See `drivers.source.SourceKind`."""
        return Source(parsed["board"])


PROTOCOL = Kind()
