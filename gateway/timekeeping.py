"""The house's clock at work: looked at each second, and written down now and then.

The dispatcher's thread looks, as it is there anyway. What may wait for the disk has a thread of its own,
`keeping`: a card that is slow holds up nobody's values.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from drivers.dispatcher import Dispatcher
from gateway import health
from gateway.clock.memory import Memory
from gateway.clock.wall import EVERY_S, WallClock, override
from gateway.data_folder import DataFolder
from gateway.samples import Family, disk_written, gauge
from gateway.service import Part
from gateway.service_thread import ServiceThread

logger = logging.getLogger(__name__)

FILE = "clock.json"
KEEP_S = 1.0
"""Between two looks at the disk."""


def open_clock(data: Path, folder: DataFolder | None = None) -> WallClock:
    """The clock, with what is kept of time in the data folder. Raises ValueError for a SIG_GATEWAY_CLOCK that
    is neither `set` nor `unset`."""
    return WallClock(memory=Memory(data / FILE, folder), override=override())


class Timekeeping:
    """Has a `clock` looked at and written down, and the `folder` tried again, which may come late or be full
    for a while. `start` and `stop` belong to one thread; what the dispatcher does not come to, each use of
    the clock finds out, but for belief."""

    name = "clock"

    def __init__(self, clock: WallClock, dispatcher: Dispatcher, folder: DataFolder | None = None) -> None:
        self._clock = clock
        self._dispatcher = dispatcher
        self._folder = folder
        self._stopped = threading.Event()
        self._thread = ServiceThread("keeping", self._keep)

    def start(self) -> None:
        """See `Service`; the dispatcher may be started later."""
        self._dispatcher.post_always(self._tick, None)
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """See `Service`: the last word on what time it is. When the dispatcher has ended."""
        self._stopped.set()
        return self._thread.stop(within_s, self.name)

    def status(self) -> dict[str, Part]:
        """See `Service`."""
        return {"clock": health.of_clock(self._clock.status())}

    def families(self) -> Iterator[Family]:
        """See `Measured`: the clock, and the folder."""
        clock = self._clock.status()
        yield gauge("clock_believed", "Whether the machine's clock can be.", clock["believed"])
        text = "Whether the kernel calls it synchronised."
        yield gauge("clock_synchronised", text, clock["synchronised"])
        if self._folder is not None:
            text = "Whether values can be kept there."
            yield gauge("data_folder_writable", text, self._folder.usable)
            yield disk_written("data_folder", self._folder.written.total)

    def _tick(self, _: object = None) -> None:
        if self._stopped.is_set():
            return  # the dispatcher was left behind in a listener, and has come back
        self._clock.look()
        self._dispatcher.call_at(self._clock.monotonic() + EVERY_S, self._tick)

    def _keep(self) -> None:
        """The thread."""
        while not self._stopped.wait(KEEP_S):
            if self._folder is not None:
                self._folder.status()  # one that comes late (a disk is mounted later) is made and locked
            self._clock.keep()
        self._clock.close()
