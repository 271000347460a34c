"""A node: what it presents, what it reports, what it answers. No I/O; messages in, messages out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from firmware_sim.mysensors.message import ITSELF, Command, Internal, Message, Sensor, Variable, internal
from firmware_sim.sensors import NS

LIBRARY = "2.3.2"
AWAKE_NS = NS // 2
"""How long a sleeper listens before it falls asleep: `smartSleep` of the library, 500 ms."""
FIRST_CHARGE = 87
"""Percent; one less at each fiftieth report, down to 1."""

Measure = Callable[[str], str | None]
"""A channel's value as text, `!` and a word where the sensor failed, None where it is silent."""


class Value(NamedTuple):
    """A value that a child reports: which, from which channel of the recording, with how many decimals; times
    `factor`."""

    variable: Variable
    channel: str
    decimals: int
    factor: float = 1.0


class Child(NamedTuple):
    """A sensor of a node."""

    id: int
    kind: Sensor
    description: str
    values: tuple[Value, ...]


class Model(NamedTuple):
    """What a node's sketch is. `rows`: it reports each so many rows, and sleeps in between where `sleeps`."""

    sketch: str
    version: str
    children: tuple[Child, ...]
    rows: int = 1
    sleeps: bool = False
    answers: bool = False


TEMPERATURE = Value(Variable.TEMP, "temp", 1)
CLIMATE = Model(
    "Greenhouse node",
    "1.4",
    (
        Child(0, Sensor.TEMP, "Air temperature", (TEMPERATURE,)),
        Child(1, Sensor.HUM, "Air humidity", (Value(Variable.HUM, "hum", 1),)),
    ),
    answers=True,
)
LIGHT = Model(
    "Light",
    "2.0",
    # Percent of 1,000 lx, as sketches with a photo resistor have it.
    (
        Child(
            2,
            Sensor.LIGHT_LEVEL,
            "Lux",
            (Value(Variable.LEVEL, "lux", 2), Value(Variable.LIGHT_LEVEL, "lux", 1, 0.1)),
        ),
    ),
)
SLEEPER = Model("Bed", "1.0", (Child(0, Sensor.TEMP, "Soil", (TEMPERATURE,)),), rows=5, sleeps=True)
NEW = Model("New node", "0.1", (Child(0, Sensor.TEMP, "", (TEMPERATURE,)),))


@dataclass(slots=True)
class Node:
    """A node with a number, and its memory."""

    id: int
    model: Model
    fahrenheit: bool = False
    silent: bool = False
    reports: int = 0
    awake_until_ns: int = 0

    def hears(self, now_ns: int) -> bool:
        """Does a message reach it now?"""
        return not self.silent and (not self.model.sleeps or now_ns < self.awake_until_ns)

    def present(self) -> Iterator[Message]:
        """Who it is, in the order in which the library says it; the metric question is on its way there."""
        yield Message(self.id, ITSELF, Command.PRESENTATION, 0, Sensor.ARDUINO_NODE, LIBRARY)
        yield internal(self.id, Internal.CONFIG, "0")
        yield internal(self.id, Internal.SKETCH_NAME, self.model.sketch)
        yield internal(self.id, Internal.SKETCH_VERSION, self.model.version)
        for child in self.model.children:
            yield Message(self.id, child.id, Command.PRESENTATION, 0, child.kind, child.description)

    def report(self, now_ns: int, measure: Measure) -> Iterator[Message]:
        """What it says by itself; a sleeper wakes up for it, and listens a while before it sleeps again."""
        self.reports += 1
        if self.model.sleeps:
            slept = (now_ns - self.awake_until_ns) // 1_000_000 if self.awake_until_ns else 0
            yield internal(self.id, Internal.POST_SLEEP, str(max(0, slept)))
        for child in self.model.children:
            for value in child.values:
                yield from self._set(child, value, measure)
        if self.model.sleeps:
            if self.reports % 5 == 1:
                charge = max(1, FIRST_CHARGE - self.reports // 50)
                yield internal(self.id, Internal.BATTERY_LEVEL, str(charge))
            self.awake_until_ns = now_ns + AWAKE_NS
            yield internal(self.id, Internal.PRE_SLEEP, str(AWAKE_NS // 1_000_000))

    def receive(self, message: Message, now_ns: int, measure: Measure) -> Iterator[Message]:
        """What it says to a message that it heard."""
        if message.ack:
            yield message
        if message.command == Command.REQ and self.model.answers:
            for child in self.model.children:
                for value in child.values:
                    if (child.id, value.variable) == (message.child, message.type):
                        yield from self._set(child, value, measure)
        elif message.command == Command.INTERNAL:
            yield from self._internal(message, now_ns)

    def _internal(self, message: Message, now_ns: int) -> Iterator[Message]:
        match message.type:
            case Internal.PRESENTATION | Internal.REBOOT:
                yield from self.present()
            case Internal.HEARTBEAT_REQUEST:
                yield internal(self.id, Internal.HEARTBEAT_RESPONSE, str(now_ns // 1_000_000 % 2**32))
            case Internal.DISCOVER:
                yield internal(self.id, Internal.DISCOVER_RESPONSE, "0")
            case Internal.PING:
                yield internal(self.id, Internal.PONG, "1")
            case Internal.CONFIG:
                self.fahrenheit = message.payload.startswith("I")

    def _set(self, child: Child, value: Value, measure: Measure) -> Iterator[Message]:
        text = measure(value.channel)
        if text is None:
            return
        number = float("nan") if text.startswith("!") else float(text) * value.factor
        if value.variable == Variable.TEMP and self.fahrenheit:
            number = number * 1.8 + 32
        yield Message(self.id, child.id, Command.SET, 0, value.variable, f"{number:.{value.decimals}f}")
