"""What a link needs of a source, and what a source tells a link.

A *source* is where measurements come from: a board on a serial port, a bus of probes, the kernel's sensors.
What is at its other end is a *device*; one source may have many, and each comes and goes by itself. A source
is opened, which makes a *session*; a session tells of devices that are there (`Up`), of those that are gone
(`Down`), and of what they measure. It knows no sensor; a link knows no port and no protocol.

A new kind of source is a `SourceKind` under a name (see `drivers.kinds`), and passes `drivers.contract`.
"""

import math
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from drivers.clock import Clock
from drivers.dispatcher import Dispatcher
from drivers.options import Option
from drivers.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Channel:
    """One quantity that a device measures. `resolution` (0: not known), `low`, `high` are in `unit`.

    `kind` and `unit` are empty where the device does not say: then they are what the sensor's config says.
    `interval_s` is the time between two readings, 0 when the device only answers requests, or, with
    `unannounced`, when it reports by itself and does not say how often. `offered`: a sensor may be made of it
    unasked (`discover`); not of a second name of a channel, and not of one that may be the work of a damaged
    line.
    """

    name: str
    kind: str = ""
    unit: str = ""
    resolution: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    interval_s: float = 0.0
    unannounced: bool = False
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """Who is at the other end of a link. `identity` is empty where the device does not say who it is. `boot`
    differs at each start of the device. `channels` are by the name that a sensor's `channel` has. `name`
    tells the devices of one link apart; where there can be only one, it is empty. `any_channel`: the device
    does not say which channels it has; one that is not among them may come all the same, `unannounced`.
    `about`: what else it says of itself, for a sensor's `info`: its battery. `kept`: how many readings it
    keeps until they are acknowledged; 0: none."""

    model: str
    identity: str
    firmware: str
    boot: int
    channels: Mapping[str, Channel]
    name: str = ""
    any_channel: bool = False
    about: Mapping[str, str] = field(default_factory=dict)
    kept: int = 0


class Measurement(NamedTuple):
    """A value as the device measured it. `value` is in the channel's unit, None when the measurement failed:
    `fault` then says why, in words for a person. `measured` is the gateway's monotonic time of the
    measurement. `asked` is when a live read was sent that this answers, and None for one that the device sent
    by itself. `late`: the device kept it while nobody heard it, and newer ones may have been published.
    `doubt`: why `measured` may be wrong by more than the device's clock is, None if it is not. `receipt`: of
    a device that keeps its readings until they are safe."""

    channel: str
    seq: int
    value: float | None
    fault: str | None
    measured: float
    asked: float | None = None
    late: bool = False
    doubt: str | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Readings of a channel that the device measured, and that nobody will ever have. `count`: None if it is
    not known. `first`, `last`: from when to when, in the gateway's monotonic time. `receipt`: of a device
    that says so again until this is safe."""

    channel: str
    count: int | None
    first: float
    last: float
    reason: str
    receipt: Receipt | None = None


class Up(NamedTuple):
    """A device is there; also when it has restarted, or says anew who it is."""

    device: Device


class Down(NamedTuple):
    """The device of that name is gone, while the source goes on."""

    device: str
    reason: str


class Notes(Protocol):
    """What a source wants to know of a link after the next start of the program: the nodes of a radio
    network, say. For the thread that reads."""

    def recall(self) -> dict[str, Any]:
        """What was noted last; empty if there is nothing, or it cannot be read."""

    def note(self, content: dict[str, Any]) -> None:
        """Keep `content`, which JSON can hold, in place of what was noted before. May wait for a disk: call
        it when something is new. Never raises."""


class Keeper(Protocol):
    """Who opens a source: a link. What a session may ask and tell, from whichever thread reads; none of
    it blocks."""

    @property
    def name(self) -> str:
        """The link's."""

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""

    @property
    def dispatcher(self) -> Dispatcher:
        """Who runs the listeners of what is measured."""

    @property
    def notes(self) -> Notes:
        """What the source keeps beyond the program's end."""

    def measured(self, measurement: Measurement) -> None:
        """A value, in the order of measurement."""

    def missing(self, missing: Missing) -> None:
        """What was measured and is lost for good."""

    def pressed(self) -> None:
        """A device's memory is half full of readings that have come and are not safe yet."""

    def tell(self, event: Up | Down) -> None:
        """A device has come, or gone."""

    def trouble(self, reason: str) -> None:
        """Why nobody has answered yet, though the session goes on asking. May be said again and again."""

    def wanted(self) -> Mapping[str, int | None]:
        """The channels that sensors take, each with the interval in milliseconds that is wanted of the
        device, None for its own."""


class Session(Protocol):
    """A source from its opening on. `greet`, `run` and `end` belong to the link's thread, the rest to any."""

    where: str
    """What was opened: a device's path, a URL."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What was good, damaged, lost, …, since the opening."""

    @property
    def waiting(self) -> int:
        """How many requests are not answered yet."""

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """Ask until the other end answers; returns who is there. Called again after `SilentError`.

        Raises `LinkLostError` when the source has failed, or opening it anew is worth a try, or `stopping` is
        set.
        """

    def run(self, stopping: threading.Event) -> None:
        """Tell the keeper of what comes until `stopping` is set.

        Raises `LinkLostError` when the source has failed, `SilentError` when it works and nobody answers any
        more: no device is there then.
        """

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """Ask a device, wait for its answer until `deadline` (monotonic), return it.

        `read CHANNEL` returns a `Measurement`; of a channel that cannot be asked for, the next one that comes
        (see `drivers.next_value`). `unless` is asked when the request's turn has come: what it
        returns, if not None, is the answer, and nothing is sent. Raises `sig.NotConnected`,
        `sig.RequestTimeout`, `sig.Busy`, `sig.BadParams`, `sig.BadReply`, `sig.RequestError`.
        """

    @property
    def dropped(self) -> str | None:
        """The newest line or frame that was of no use, and why, for a person; None where none was kept."""

    def refresh(self, channel: str) -> None:
        """Have the channel read soon, and the keeper's `wanted` looked at; returns at once. Where nothing can
        be asked it does nothing."""

    def dropped_since_reading(self, channel: str) -> int:
        """How many lines or frames were of no use since the channel's last measurement."""

    def wake(self) -> None:
        """Have `greet` or `run` look at its `stopping` soon. Also after `end`."""

    def end(self, reason: str) -> None:
        """Close what was opened, and let everybody who waits fail with `reason`. Twice is as good as once."""


class Source(Protocol):
    """Where a link's measurements come from. Used by the link's thread alone; constructors open nothing."""

    where: str
    """What the config calls it: a port, a folder."""

    def open(self, keeper: Keeper) -> Session:
        """Open it. Raises `PortNotFoundError` when nothing is there, `PortError` when it cannot be used."""

    def presence(self) -> object:
        """Something that changes when the source goes, comes, or is replaced by another; None when nothing is
        there."""

    def close(self) -> None:
        """Give back what `open` started beside the session. Twice is as good as once."""

    def device_of(self, channel: str) -> str:
        """The name of the device whose channel that is, or would be."""


class SourceKind(Protocol):
    """A protocol, as the registry knows it: which keys its links have, and how to make a source of them."""

    options: Mapping[str, Option]

    sets_intervals: bool
    """Whether a device can be told how often to report: else a sensor's `interval` is refused."""

    tells_identity: bool
    """Whether its devices say who they are: else a link's `identity` is refused."""

    def check(self, parsed: Mapping[str, Any]) -> None:
        """What single options cannot know. Raises `OptionError`.

        A kind may also have `warnings(parsed)`: what is not wrong and most likely not what was meant, each as
        an option's name and a text; and `remark(channel)`: what a person is to know of a channel, or nothing.
        """

    def warnings(self, parsed: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """What is not wrong, and most likely not what was meant: an option's name, and what about it."""

    def channels(self, parsed: Mapping[str, Any]) -> Collection[str] | None:
        """The channels that such a link has, each by all its names; None if its options do not say. The
        options are right."""

    def source(self, parsed: Mapping[str, Any]) -> Source:
        """The source that the parsed options describe; opens nothing."""
