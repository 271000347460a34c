"""What is at the other end of the port: the interface of every simulated board.

A board is a state machine without I/O: bytes go in, bytes come out, and it says when it next has something
to do. Times are nanoseconds of the caller's clock, which never steps. There is one for each protocol:
`sensorline`, `text`, `mysensors`, `modbus`, and `replay`, which repeats what another once said.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from firmware_sim.sensors import Sensors

Carry = Callable[[list[str], int], str]
"""Carries out a command's arguments now; its answer. ValueError says what was expected, and got."""


class Board(ABC):
    """A board without power; `start` gives it some."""

    refuses: ClassVar[Mapping[str, str]] = {}
    """Commands and faults that make no sense for it, and why."""
    waits_for_listener: ClassVar[bool] = False
    """It starts when somebody opens the port, and not before."""
    reset_by_opening: ClassVar[bool] = False
    """It starts anew each time: opening a port raises DTR, which resets most boards of the Arduino kind."""
    resets_in_line: ClassVar[bool] = False
    """Every reset cuts what it is saying in two: it talks without pause, or its reset is somebody's DTR."""
    own_supply: bool = False
    """It runs on while its cable is pulled, and what it says then is lost."""
    commands: Mapping[str, tuple[str, Carry]] = {}
    """Its own commands, by name: how to write them, and what carries them out."""

    @abstractmethod
    def start(self, now_ns: int) -> None:
        """Power on, or a reset: the memory is empty, but what a board keeps beyond a reset."""

    @abstractmethod
    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:
        """Bytes from the gateway. Each request among them is answered `delay_ns()` later than it could be."""

    @abstractmethod
    def next_due_ns(self) -> int | None:
        """When `run` next has something to do; None: only bytes can change that."""

    @abstractmethod
    def run(self, now_ns: int) -> list[bytes]:
        """Do what is due by `now_ns`; what goes out, in whole lines or frames, in order."""

    @abstractmethod
    def interrupted(self) -> bytes:
        """Something it might be saying when it restarts in the middle of a line, whole."""

    @abstractmethod
    def status(self) -> dict[str, Any]:
        """What is worth knowing of it."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """What it did since the program started."""

    def power_lost(self) -> None:  # noqa: B027 - most keep nothing beyond a reset
        """The supply fails: what outlives a reset is lost. `start` follows, sooner or later."""

    def pace_changed(self, now_ns: int) -> None:  # noqa: B027 - what reports once a row has nothing to do
        """The recording has another speed. To be called after `run`."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what it holds."""


MakeBoard = Callable[[Sensors, str], Board]
"""Makes a board that measures with these sensors; the same seed, the same chances."""
