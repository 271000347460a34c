"""A session: the chips that are there, those that come and go, and the buses that read them.

The link's thread looks once a second for what is there, tells of it, and watches over the buses; each bus
that has something to read has a thread of its own.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

import sig
from drivers.errors import LinkLostError
from drivers.source import Device, Down, Keeper, Up
from drivers.sysfs.buses import Buses
from drivers.sysfs.devices import Named, named_devices
from drivers.sysfs.files import Files
from drivers.sysfs.left import LEFT, LeftReads
from drivers.sysfs.names import device_of, listed
from drivers.sysfs.surroundings import Surroundings
from drivers.sysfs.tree import Tree, scan

logger = logging.getLogger(__name__)

# How often it is looked for what has come and gone; a chip that fails for having gone is looked for at once.
LOOK_S = 1.0
# How often the buses are watched for a read that hangs.
WATCH_S = 0.25


def nothing_there(root: str, tree: Tree) -> str:
    """Why there is nothing to read, and what to do."""
    ghosts = ""
    if tree.ghosts:
        ghosts = f" ({listed(tree.ghosts)} on the 1-wire bus is noise: check the pull-up of 4.7 kΩ)"
    return (
        f"no sensor of iio, hwmon or 1-wire is below {root}{ghosts}; wire one, add its dtoverlay line to "
        "/boot/firmware/config.txt and restart the machine, see docs/sysfs.md"
    )


class SysfsSession:
    """See the module, and `drivers.source.Session`. `hangs_after_s`: see `Surroundings`."""

    def __init__(
        self,
        keeper: Keeper,
        root: str,
        every_s: float,
        *,
        files: Files,
        left: LeftReads = LEFT,
        hangs_after_s: float | None = None,
    ) -> None:
        self.where = root
        self._keeper = keeper
        self._clock = keeper.clock
        self._root = root
        self._every_s = every_s
        self._files = files
        self._buses = Buses(Surroundings(keeper, files, every_s, left, hangs_after_s, self._look_soon))
        self._woken = threading.Event()
        self._look_now = False
        # Written by the link's thread, which replaces it; read by any.
        self._devices: dict[str, Named] = {}
        self._complained: set[str] = set()  # the link's thread alone

    @property
    def counters(self) -> Mapping[str, int]:
        """See `drivers.source.Session`: `reads`, of which `failed` gave no value; common `conversions` on
        1-wire buses; reads that `hung` and were left, of which `returned` did so later: the others still
        hang."""
        return self._buses.counters

    @property
    def waiting(self) -> int:
        """See `drivers.source.Session`."""
        return self._buses.waiting

    # The link's thread

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `drivers.source.Session`."""
        if stopping.is_set():
            raise LinkLostError("closing")
        tree = self._look()
        self._devices = self._named(tree)
        return [named.device for named in self._devices.values()]

    def run(self, stopping: threading.Event) -> None:
        """See `drivers.source.Session`."""
        look_at = -LOOK_S
        while not stopping.is_set():
            now = self._clock.monotonic()
            if self._look_now or now >= look_at:
                self._look_now = False
                look_at = now + LOOK_S
                tree = self._look()
                self._compare(self._named(tree))
                wanted = self._keeper.wanted()
                fitting = [
                    (channel, named)
                    for channel in wanted
                    if (named := self._devices.get(device_of(channel))) is not None
                    and channel in named.device.channels
                ]
                self._buses.want(fitting, tree.chips)
            self._buses.watch(now)
            self._woken.wait(WATCH_S)
            self._woken.clear()

    def end(self, reason: str) -> None:
        """See `drivers.source.Session`."""
        self._buses.end(reason)

    def _look(self) -> Tree:
        """What is there. Raises `LinkLostError` when that is nothing."""
        tree = scan(self._root, self._files)
        for ghost in tree.ghosts:
            why = "is no sensor, but noise on the 1-wire bus: check its pull-up of 4.7 kΩ"
            self._complain(ghost, f"{ghost} {why}")
        if not tree.chips:
            raise LinkLostError(nothing_there(self._root, tree))
        return tree

    def _named(self, tree: Tree) -> dict[str, Named]:
        wanted = self._keeper.wanted()
        devices = named_devices(tree.chips, wanted, self._every_s)
        for name in dict.fromkeys(map(device_of, wanted)):
            if name in devices:
                self._complained.discard(name)
            else:
                self._complain(name, f"{name} is not there; there are {listed(list(devices))}")
        return devices

    def _complain(self, what: str, text: str) -> None:
        """Once, until it is well."""
        if what not in self._complained:
            self._complained.add(what)
            logger.warning("%s: %s", self._keeper.name, text)

    def _compare(self, devices: dict[str, Named]) -> None:
        before, self._devices = self._devices, devices
        for name, named in before.items():
            after = devices.get(name)
            if after is None or after.device.boot != named.device.boot:
                self._keeper.tell(Down(name, f"{name} is gone"))
        for name, named in devices.items():
            if before.get(name) != named:
                self._keeper.tell(Up(named.device))

    # Any thread

    def exchange(
        self, verb: str, args: tuple[str, ...], deadline: float, unless: Callable[[], object | None] | None
    ) -> object:
        """See `drivers.source.Session`: `read CHANNEL`."""
        if verb != "read" or len(args) != 1:
            raise sig.BadParams(
                f"{self._keeper.name}: expected `read CHANNEL`, got {' '.join((verb, *args))!r}"
            )
        named = self._devices.get(device_of(args[0]))
        if named is None:
            raise sig.NotConnected(f"{self._keeper.name}: {device_of(args[0])} is not there")
        return self._buses.exchange(named, args[0], deadline - self._clock.monotonic(), unless)

    dropped = None
    """See `drivers.source.Session`: the counters tell the causes."""

    def refresh(self, channel: str) -> None:
        """See `drivers.source.Session`."""
        named = self._devices.get(device_of(channel))
        if named is not None:
            self._buses.hasten(named, channel)
        self._look_soon()  # somebody may want it only now

    def dropped_since_reading(self, channel: str) -> int:  # noqa: ARG002 - see `drivers.source.Session`
        """None: a file is read or not."""
        return 0

    def wake(self) -> None:
        """See `drivers.source.Session`."""
        self._woken.set()

    def _look_soon(self) -> None:
        self._look_now = True
        self._woken.set()
