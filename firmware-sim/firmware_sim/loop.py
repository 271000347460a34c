"""The program's loop: one thread, one selector, a control channel; what is simulated does the work in it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from selectors import EVENT_READ, SelectSelector
from typing import Any

from firmware_sim.commands import Commands, answer
from firmware_sim.control import ControlServer
from firmware_sim.sensors import NS, Sensors

MIN_WAIT_NS = 500_000
"""The loop runs at most 2,000 times a second, whatever the speed; readings then go several at a time."""
LONGEST_WAIT_NS = 3600 * NS


class Loop(ABC):
    """`open`, then `run` until `stop`, then `close`. What the control channel asks for are methods here."""

    def __init__(self, control: Path, sensors: Sensors, clock: Callable[[], int]) -> None:
        self.now_ns = clock
        self.sensors = sensors
        self._selector = SelectSelector()  # waits to the microsecond; epoll rounds up to a millisecond
        self._control = ControlServer(control, self._selector, lambda line: answer(self, line))
        self._running = True

    @property
    @abstractmethod
    def announced(self) -> str:
        """The first line that the program prints: where what it simulates is."""

    @property
    @abstractmethod
    def commands(self) -> Commands:
        """What can be asked for."""

    @abstractmethod
    def open(self) -> None:
        """Claim the link, listen for commands, begin."""

    @abstractmethod
    def close(self) -> None:
        """Remove everything that was made."""

    @abstractmethod
    def set_speed(self, speed: float) -> None:
        """Play the recording so many times faster than recorded, from now on."""

    @abstractmethod
    def status(self) -> dict[str, Any]:
        """Everything worth knowing, for one line of JSON."""

    @abstractmethod
    def _work(self, now: int) -> None:
        """Do what is due."""

    @abstractmethod
    def _next_ns(self) -> int | None:
        """When `_work` next has something to do; None: when something happens."""

    def why_not(self, name: str) -> str:  # noqa: ARG002 - of what takes every command
        """Why a command or a fault of that name makes no sense here; empty if it does."""
        return ""

    def watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop whenever `descriptor` can be read."""
        self._selector.register(descriptor, EVENT_READ, callback)

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            self._work(self.now_ns())
            due = self._next_ns()
            wait_ns = LONGEST_WAIT_NS if due is None else max(MIN_WAIT_NS, due - self.now_ns())
            for key, _ in self._selector.select(wait_ns / NS):
                key.data()

    def stop(self) -> None:
        """End `run` after what it is doing."""
        self._running = False
