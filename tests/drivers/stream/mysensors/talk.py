"""A conversation with what a test needs to hold it."""

import json
from pathlib import Path
from typing import Any

from drivers.notes import ForgetfulNotes
from drivers.source import Device, Down, Measurement, Notes
from drivers.stream.conversation import Event, Hello, Reply, Send
from drivers.stream.mysensors import Conversation
from drivers.stream.mysensors.message import QUIET_S
from drivers.stream.mysensors.silence import DEFAULT_LIMITS, Limits

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "mysensors.json").read_text())
GOLDEN: list[str] = [entry["line"] for entry in VECTORS["golden"]]
# 2025-06-15T15:06:40Z
UTC = 1_750_000_000.0
PRESENTED = ("12;255;0;0;17;2.3.2", "12;0;0;0;6;Air", "12;1;0;0;7;", "12;2;0;0;16;Lux")


class Talk:
    """`now` goes on only when a test says so. `events` are all that came of what was said last. The port has
    been open for a while, so what comes first is the beginning of a line."""

    def __init__(self, notes: Notes | None = None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.notes = notes if notes is not None else ForgetfulNotes()
        self.utc = UTC
        self.conversation = Conversation(self.notes, lambda: self.utc, limits)
        self.now = 1000.0
        self.events: list[Event] = []
        self.conversation.look(self.now - 2 * QUIET_S)

    def say(self, *lines: str, after: float = 0.0) -> list[Event]:
        """Have lines come, `after` so many seconds."""
        self.now += after
        self.events = list(self.conversation.receive("".join(f"{one}\n" for one in lines).encode(), self.now))
        return self.events

    def wait(self, seconds: float) -> list[Event]:
        """Let time pass."""
        self.now += seconds
        self.events = list(self.conversation.look(self.now))
        return self.events

    def sent(self) -> list[str]:
        """The lines that are to be written."""
        data = b"".join(event.data for event in self.events if isinstance(event, Send))
        return data.decode().splitlines()

    def values(self) -> dict[str, float | None]:
        """The measurements, by channel."""
        return {one.channel: one.value for one in self.measurements()}

    def measurements(self) -> list[Measurement]:
        """In order."""
        return [event for event in self.events if isinstance(event, Measurement)]

    def devices(self) -> list[Device]:
        """Those that are there, in the order of the news."""
        return [event.device for event in self.events if isinstance(event, Hello)]

    def downs(self) -> list[Down]:
        """Those that are gone."""
        return [event for event in self.events if isinstance(event, Down)]

    def replies(self) -> list[Reply]:
        """Answers."""
        return [event for event in self.events if isinstance(event, Reply)]

    def count(self, name: str) -> int:
        """A counter."""
        return self.conversation.counters[name]
