"""What is known of the nodes of a radio network, of their children, and of what these report."""

import collections
from collections.abc import Iterator
from typing import NamedTuple

from drivers.source import Channel, Device
from drivers.stream.conversation import Event
from drivers.stream.mysensors import types
from drivers.stream.mysensors.message import SET, Message
from drivers.stream.mysensors.silence import Silence

GATEWAY = 0
GATEWAY_MODEL = "MySensors gateway"
# Of lines that wait until a sleeping node wakes; each is there once. All that is asked of one is to present
# itself.
MAX_WAITING = 8
# So many quantities of one node are told apart. A child reports one to three, a node has at most 255
# children; real ones have up to 20.
MAX_REPORTED = 300


def device_of(channel: str) -> str:
    """The node whose channel that is: `12` of `12/0`, `12/0/V_HUM`, `12/battery`."""
    return channel.partition("/")[0]


def is_battery(channel: str) -> bool:
    """Whether it is of a node's battery, of which a node speaks when its sketch wants to."""
    return channel.partition("/")[2] == "battery"


class Reported:
    """One quantity that a child reports. `sure`: the child was presented, or the quantity has come twice.
    `last` is the payload that came last, at `at` (monotonic). `answers`: a request for it is answered."""

    __slots__ = (
        "answers",
        "asked_at",
        "at",
        "child",
        "hits",
        "last",
        "names",
        "node",
        "sure",
        "tries",
        "type",
    )

    def __init__(self, node: "Node", child: int, value_type: int, *, sure: bool) -> None:
        self.node = node
        self.child = child
        self.type = value_type
        self.sure = sure
        self.names: tuple[str, ...] = ()
        self.last: bytes | None = None
        self.at = 0.0
        self.answers = False
        self.tries = 0
        self.hits = 0
        self.asked_at = 0.0

    @property
    def head(self) -> bytes:
        """How a line begins that brings a value of it, up to the payload's `;`."""
        return b"%d;%d;%d;0;%d" % (self.node.number, self.child, SET, self.type)

    def name(self) -> str:
        """The channel's whole name."""
        return f"{self.node.number}/{self.child}/{types.VALUES[self.type].name}"


class Child:
    """A sensor of a node. `type` is None while it was not presented. `unit`: what it says of its unit."""

    __slots__ = ("main", "name", "reported", "type", "unit")

    def __init__(self) -> None:
        self.type: int | None = None
        self.name = ""
        self.unit = ""
        self.main: int | None = None
        self.reported: dict[int, Reported] = {}

    def presented(self, child_type: int, name: str) -> None:
        """It has said what it is: if it is another sensor than before, what that reported is forgotten."""
        if self.type is not None and self.type != child_type:
            self.reported, self.main, self.unit = {}, None, ""
        self.type, self.name = child_type, name
        self._choose_main()

    def reports(self, one: Reported) -> None:
        """It reports one more quantity."""
        self.reported[one.type] = one
        self._choose_main()

    def _choose_main(self) -> None:
        """Which quantity a channel without a kind means: that which the child is for; where it may be for
        several, the preferred one once that has come; else the first that came."""
        fixed = types.MAIN.get(self.type) if self.type is not None else None
        preferred = types.PREFERRED.get(self.type) if self.type is not None else None
        if fixed is not None:
            self.main = fixed
        elif preferred in self.reported:
            self.main = preferred
        elif self.main is None:
            self.main = next(iter(self.reported), None)


class Node:
    """One node. `up`: it has been heard, and not been silent for too long since. `library` is the version of
    MySensors that it was built with. `sleeps`: it can be reached only when it says that it is awake."""

    def __init__(self, number: int, silence: Silence) -> None:
        self.number = number
        self.silence = silence
        self.children: dict[int, Child] = {}
        self.sketch = ""
        self.version = ""
        self.library = ""
        self.battery: str | None = None
        self.has_battery = False
        self.sleeps = False
        self.up = False
        self.boot = 0
        self.known = False
        self.asked_at: float | None = None
        self.asked_for: set[int] = set()
        self.waiting: collections.deque[bytes] = collections.deque(maxlen=MAX_WAITING)
        self.reported_count = 0

    @property
    def battery_channel(self) -> str:
        """The name of the channel of its battery."""
        return f"{self.number}/battery"

    def child(self, number: int) -> Child:
        """The child of that number; a new one if it is not known."""
        return self.children.setdefault(number, Child())

    def quantities(self) -> Iterator[Reported]:
        """All that its children report."""
        return (one for child in self.children.values() for one in child.reported.values())

    def ask_anew(self) -> None:
        """It runs another sketch, which may answer requests that the one before did not."""
        for one in self.quantities():
            if not one.answers:
                one.tries = one.hits = 0

    def wait(self, line: bytes) -> None:
        """Have `line` sent when it wakes."""
        if line not in self.waiting:
            self.waiting.append(line)

    def wakes(self) -> bytes:
        """It is awake for a moment: what waits for it."""
        lines = b"".join(self.waiting)
        self.waiting.clear()
        return lines

    def device(self) -> Device:
        """It, and the channels that are known, as a source tells of them."""
        channels: dict[str, Channel] = {}
        for number, child in sorted(self.children.items()):
            bare = f"{self.number}/{number}"
            for one in child.reported.values():
                kind, unit = types.quantity(child.type, one.type)
                main = one.type == child.main
                one.names = (bare, one.name()) if main else (one.name(),)
                for name in one.names:
                    offered = one.sure and (name == bare) is main
                    channels[name] = Channel(
                        name, kind, unit or child.unit, unannounced=True, offered=offered
                    )
        if self.has_battery:
            name = self.battery_channel
            channels[name] = Channel(name, "battery", "%", 1.0, 0.0, 100.0, unannounced=True)
        gateway = self.number == GATEWAY
        return Device(
            model=self.sketch or (GATEWAY_MODEL if gateway else "MySensors node"),
            identity="",
            firmware=self.version or self.library,
            boot=self.boot,
            channels=channels,
            name=str(self.number),
            any_channel=True,
            about={} if self.battery is None else {"battery": f"{self.battery} %"},
        )


class Heard(NamedTuple):
    """A message of a node's, when it came, and what it brings about."""

    message: Message
    node: Node
    now: float
    events: list[Event]
