"""The made-up /sys: chips whose files follow the recording, and that hang, fail and lie when told."""

import time
from collections.abc import Callable
from typing import Any

from firmware_sim.commands import Commands
from firmware_sim.errors import SimulatorError
from firmware_sim.link import Claim
from firmware_sim.loop import Loop
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors
from firmware_sim.simulator import Settings
from firmware_sim.sysfs.chips import CHIPS, MASTER, MASTER_FILES, MASTER_LINK, Chip, Files, Seen, master_lists
from firmware_sim.sysfs.commands import COMMANDS
from firmware_sim.sysfs.tree import Tree

SHORTEST_NS = 100_000_000
"""Between two times that the files are written, however fast the recording plays."""
LOOK_NS = 50_000_000
"""How often it is looked whether somebody has written to `therm_bulk_read`."""
CONVERSION_NS = 750_000_000
"""Of all DS18B20 at once, at 12 bits."""
READY_NS = NS
"""How long `therm_bulk_read` says 1: the kernel says it until the last sensor was read, which a file does not
notice."""
BULK = f"{MASTER}/therm_bulk_read"


class TreeSimulator(Loop):
    """See `Loop`; the link's path is the folder."""

    def __init__(
        self, settings: Settings, recording: Recording, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        sensors = Sensors(recording, clock(), settings.speed, settings.seed)
        super().__init__(settings.control, sensors, clock)
        self._settings = settings
        self._claim = Claim(settings.link)
        self._tree = Tree(settings.link)
        self._made = False
        self._numbers = {chip.name: chip.number for chip in CHIPS}
        self._unplugged: dict[str, float] = {}  # by chip, when it comes back
        self._ill: dict[tuple[str, str], str] = {}  # by chip and quantity, what is wrong with it
        self._rows = 0
        self._write_ns = self._look_ns = clock()
        self._bulk_ns: int | None = None  # when the next change of `therm_bulk_read` is due
        self._bulk = "0"

    @property
    def announced(self) -> str:
        """See `Loop`."""
        return f"root: {self._settings.link}"

    @property
    def commands(self) -> Commands:
        """See `Loop`."""
        return COMMANDS

    def open(self) -> None:
        """See `Loop`: and make the folder."""
        self._claim.take(self._tree.check)
        self._control.open()
        self._made = True
        self._tree.make()
        for name, text in MASTER_FILES.items():
            self._tree.write(f"{MASTER}/{name}", text)
        self._tree.link(MASTER_LINK, MASTER)
        for chip in CHIPS:
            self._show(chip)
        self._work(self.now_ns())

    def close(self) -> None:
        """See `Loop`."""
        if self._made:
            self._tree.remove()
        self._claim.release()
        self._control.close()
        self._selector.close()

    def set_speed(self, speed: float) -> None:
        """See `Loop`."""
        now = self.now_ns()
        self.sensors.set_speed(now, speed)
        self._write_ns = now

    def status(self) -> dict[str, Any]:
        """See `Loop`."""
        return {
            "root": str(self._settings.link),
            "chips": {chip.name: "unplugged" if chip.name in self._unplugged else "there" for chip in CHIPS},
            "ill": {"/".join(filter(None, where)): what for where, what in self._ill.items()},
            "therm_bulk_read": self._bulk,
            "speed": self.sensors.speed,
            "seed": self._settings.seed,
            "counters": {"rows": self._rows},
        }

    # What can be asked for

    def unplug(self, name: str, seconds: float | None) -> str:
        """Take a chip away; after `seconds` it comes back by itself."""
        chip, _ = _find(name)
        if chip.name not in self._unplugged:
            self._tree.drop(self._link(chip))
            self._tree.drop(self._home(chip))
        self._unplugged[chip.name] = float("inf") if seconds is None else self.now_ns() + seconds * NS
        self._list_bus()
        return f"{chip.name} is unplugged"

    def replug(self, name: str, other: bool) -> str:
        """Put it back, with another number if asked."""
        chip, _ = _find(name)
        number = self._numbers[chip.name]
        if other and number is None:
            raise SimulatorError(f"{chip.name}: has a serial number, which stays; leave out `other`")
        if chip.name not in self._unplugged:
            self.unplug(name, None)
        del self._unplugged[chip.name]
        if other and number is not None:
            self._numbers[chip.name] = number + len(CHIPS)
        self._show(chip)
        self._list_bus()
        self._write(self.now_ns())
        return f"{chip.name} -> {self._link(chip)}"

    def spoil(self, name: str, how: str) -> str:
        """Have a quantity, or all of a chip, be `hangs`, `eio`, `gone`, `empty`, `nonsense` or `well`."""
        chip, quantities = _find(name)
        for quantity in quantities:
            self._ill.pop((chip.name, quantity), None)
            if how != "well":
                self._ill[chip.name, quantity] = how
        self._write(self.now_ns())
        return f"{name} {'is well' if how == 'well' else how}"

    def heal_all(self) -> str:
        """Everything that was spoiled is well; what is unplugged stays so."""
        self._ill.clear()
        self._write(self.now_ns())
        return "all is well"

    # The loop's work

    def _work(self, now: int) -> None:
        for name in [name for name, until in self._unplugged.items() if until <= now]:
            self.replug(name, other=False)
        if now >= self._write_ns:
            self._rows += 1
            self._write_ns = now + max(SHORTEST_NS, self.sensors.step_ns)
            self._write(now)
        if now >= self._look_ns:
            self._look_ns = now + LOOK_NS
            self._look_at_bulk(now)

    def _next_ns(self) -> int | None:
        return min(self._write_ns, self._look_ns)

    def _write(self, now: int) -> None:
        """What is measured now, into every file that is well."""
        seen = Seen(self._measure("temp", now), self._measure("hum", now))
        for chip in CHIPS:
            if chip.name not in self._unplugged:
                for quantity, files in chip.quantities.items():
                    self._put(chip, files(seen), self._ill.get((chip.name, quantity), ""))

    def _put(self, chip: Chip, files: Files, how: str) -> None:
        for name, text in files.items():
            path = f"{self._home(chip)}/{name}"
            match how:
                case "hangs":
                    if not (self._tree.root / path).is_fifo():  # one that readers hang in already stays
                        self._tree.hang(path)
                case "eio":
                    self._tree.fail(path)
                case "gone":
                    self._tree.drop(path)
                case "empty":
                    self._tree.write(path, "")
                case "nonsense":
                    self._tree.write(path, chip.nonsense.get(name, "nonsense\n"))
                case _:
                    self._tree.write(path, text)

    def _measure(self, channel: str, now: int) -> float:
        text = self.sensors.measure(channel, now)
        return 0.0 if text is None or text.startswith("!") else float(text)

    def _look_at_bulk(self, now: int) -> None:
        """The kernel's dance: `trigger` is written; -1 while all convert; then 1, until they are read."""
        if self._tree.read(BULK).startswith("trigger"):
            self._say_bulk("-1", now + CONVERSION_NS)
        elif self._bulk_ns is not None and now >= self._bulk_ns:
            if self._bulk == "-1":
                self._say_bulk("1", now + READY_NS)
                self._write(now)
            else:
                self._say_bulk("0", None)

    def _say_bulk(self, text: str, until_ns: int | None) -> None:
        self._tree.overwrite(BULK, f"{text}\n")
        self._bulk, self._bulk_ns = text, until_ns

    def _show(self, chip: Chip) -> None:
        home = self._home(chip)
        for name, text in chip.files.items():
            self._tree.write(f"{home}/{name}", text)
        for name, target in chip.links.items():
            path = self._tree.root / home / name
            path.symlink_to(target)
        self._tree.link(self._link(chip), home)
        self._list_bus()

    def _list_bus(self) -> None:
        there = [chip.name.removeprefix("w1/") for chip in CHIPS if chip.name not in self._unplugged]
        for name, text in master_lists([name for name in there if name.startswith("28-")]).items():
            self._tree.write(f"{MASTER}/{name}", text)

    def _home(self, chip: Chip) -> str:
        return chip.home.format(self._numbers[chip.name])

    def _link(self, chip: Chip) -> str:
        return chip.link.format(self._numbers[chip.name])


def _find(name: str) -> tuple[Chip, list[str]]:
    """The chip that `iio/bme280/temp`, `iio/bme280` or `28-…` names, and which quantities; SimulatorError."""
    for chip in CHIPS:
        if name in (chip.name, chip.name.removeprefix("w1/")):
            return chip, list(chip.quantities)
        for quantity in chip.quantities:
            if name == f"{chip.name}/{quantity}":
                return chip, [quantity]
    known = [f"{chip.name}/{quantity}".rstrip("/") for chip in CHIPS for quantity in chip.quantities]
    raise SimulatorError(
        f"{name}: expected one of {', '.join(known)}, or a chip's name without its last part"
    )
