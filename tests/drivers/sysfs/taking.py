"""A link over a made-up `/sys`, who takes its channels, and files that fail as a test says."""

import collections
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from drivers.clock import Clock
from drivers.link import Link
from drivers.source import Device, Measurement, Missing
from drivers.sysfs.files import Files
from drivers.sysfs.left import LeftReads
from drivers.sysfs.source import SysfsSource
from tests.support.made_up_sysfs import MadeUpTree
from tests.support.waiting import until


class Taker:
    """A sink: keeps what comes."""

    interval_ms = None

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.measurements: list[Measurement] = []
        self.ups: list[Device] = []
        self.downs: list[str] = []

    def heard(self, _measurement: Measurement, /) -> None:
        """See `drivers.sink.Sink`."""

    def missed(self) -> None:
        """The same."""

    def accept(self, measurement: Measurement, /) -> None:
        """The same."""
        self.measurements.append(measurement)

    def missing(self, _missing: Missing, /) -> None:
        """See `Sink`."""

    def link_up(self, device: Device, _warning: str | None, /) -> None:
        """The same."""
        self.ups.append(device)

    def link_down(self, reason: str, /) -> None:
        """The same."""
        self.downs.append(reason)

    @property
    def values(self) -> list[float | None]:
        """What was measured, in order."""
        return [measurement.value for measurement in self.measurements]

    @property
    def faults(self) -> list[str]:
        """Why measurements failed."""
        return [measurement.fault for measurement in self.measurements if measurement.fault is not None]

    def wait_for(self, value: float) -> Measurement:
        """The first measurement of that value."""
        until(lambda: value in self.values, what=f"{self.channel}: {value}, came {self.values[-5:]}")
        return self.measurements[self.values.index(value)]

    def wait_for_fault(self, part: str) -> str:
        """The first fault with these words."""

        def found() -> list[str]:
            return [fault for fault in self.faults if part in fault]

        until(found, what=f"{self.channel}: {part!r}, came {self.measurements[-3:]}")
        return found()[0]


class Scripted(Files):
    """Files of which some fail: `script` maps the end of a path to what its reads do in turn, a text or an
    error's number; the last is repeated. `reads` and `writes` are told by that."""

    def __init__(self, script: dict[str, list[str | int]] | None = None) -> None:
        self.script = script or {}
        self.reads: collections.Counter[str] = collections.Counter()
        self.writes: list[str] = []
        self.before: Callable[[str], None] = lambda _path: None

    def text(self, path: str) -> str:
        """See `Files`."""
        self.before(path)
        for end, turns in self.script.items():
            if path.endswith(end):
                self.reads[end] += 1
                turn = turns.pop(0) if len(turns) > 1 else turns[0]
                if isinstance(turn, int):
                    raise OSError(turn, "scripted", path)
                return turn
        return super().text(path)

    def write(self, path: str, text: str) -> None:  # noqa: ARG002 - see `Files`
        """See `Files`."""
        self.writes.append(path)
        for end, turns in self.script.items():
            if path.endswith(end) and isinstance(turns[0], int):
                raise OSError(turns[0], "scripted", path)


class Held:
    """Reads of files wait until they are let go; safe to let go at any time."""

    def __init__(self) -> None:
        self.ends: dict[str, threading.Event] = {}
        self.entered: collections.Counter[str] = collections.Counter()

    def hold(self, end: str) -> None:
        """Those of paths that end so."""
        self.ends[end] = threading.Event()

    def let_go(self, end: str) -> None:
        """They go on."""
        self.ends.pop(end).set()

    def __call__(self, path: str) -> None:
        """A read begins."""
        for end, event in list(self.ends.items()):
            if path.endswith(end):
                self.entered[end] += 1
                event.wait()


@contextmanager
def linked(
    tree: MadeUpTree,
    *channels: str,
    every_s: float = 0.1,
    files: Files | None = None,
    left: LeftReads | None = None,
    hangs_after_s: float | None = None,
    clock: Clock | None = None,
) -> Iterator[tuple[Any, ...]]:
    """The link, open, and who takes each of the channels."""
    source = SysfsSource(
        str(tree.root),
        every_s,
        files=files,
        left=left if left is not None else LeftReads(),
        hangs_after_s=hangs_after_s,
    )
    link = Link("pi", source=source)
    takers = [Taker(channel) for channel in channels]
    for taker in takers:
        link.add(taker)
    with link:
        yield link, *takers
