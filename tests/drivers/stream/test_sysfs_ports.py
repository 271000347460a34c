"""The list of serial ports from a sysfs of the test's own, whose files may vanish at any moment."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.stream.sysfs_ports import FoundPort, Sysfs, serial_ports


class Machine:
    """A sysfs and a /dev below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ttys = root / "sys/class/tty"
        self.dev = root / "dev"
        for folder in (
            self.ttys,
            self.dev,
            *(root / "sys/bus" / bus for bus in ("usb", "usb-serial", "platform")),
        ):
            folder.mkdir(parents=True)

    def tty(self, name: str, device: Path | None, bus: str = "usb", **files: str) -> None:
        """A tty; `device` None: a console, which has none."""
        (self.ttys / name).mkdir()
        (self.dev / name).touch()
        if device is not None:
            device.mkdir(parents=True, exist_ok=True)
            (self.ttys / name / "device").symlink_to(device)
            (device / "subsystem").symlink_to(self.root / "sys/bus" / bus)
        write(self.ttys / name, files)

    def usb(self, place: str, **files: str) -> Path:
        """A USB device in a socket; returns its first interface."""
        interface = self.root / "sys/devices/usb1" / place / f"{place}:1.0"
        interface.mkdir(parents=True)
        write(interface.parent, files)
        return interface

    def ports(self, sysfs: Sysfs | None = None) -> list[FoundPort]:
        """Sorted; with the devices' bare names."""
        found = serial_ports(sysfs, ttys=str(self.ttys), devices=str(self.dev))
        return sorted(found, key=lambda port: port.device)


def write(folder: Path, files: dict[str, str]) -> None:
    """Files with a line each, as the kernel has them."""
    for name, text in files.items():
        (folder / name).write_text(text + "\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An Arduino, an adapter with a driver of its own, a UART, a place without one, a console."""
    machine = Machine(tmp_path / "machine")
    uno = machine.usb(
        "1-1", idVendor="2341", idProduct="0043", serial="A1", product="Arduino Uno", manufacturer="A"
    )
    machine.tty("ttyACM0", uno)
    write(uno, {"interface": "data"})
    adapter = machine.usb("1-2", idVendor="1a86", idProduct="7523")
    machine.tty("ttyUSB0", adapter / "ttyUSB0", "usb-serial")
    machine.tty("ttyAMA0", machine.root / "sys/devices/fe201000.serial", "platform", type="32")
    machine.tty("ttyS0", machine.root / "sys/devices/serial8250", "platform", type="0")
    machine.tty("tty1", None)
    return machine


def test_what_is_listed(machine: Machine) -> None:
    """USB ports with their identity, the board's own where a UART is, nothing else."""
    dev = machine.dev
    assert machine.ports() == [
        FoundPort(f"{dev}/ttyACM0", "Arduino Uno - data", 0x2341, 0x43, "A1"),
        FoundPort(f"{dev}/ttyAMA0", "ttyAMA0"),
        FoundPort(f"{dev}/ttyUSB0", "ttyUSB0", 0x1A86, 0x7523, None),
    ]


def test_a_port_that_is_the_kernel_s_console(machine: Machine) -> None:
    """It is listed, and says what to do; the screen's console is no port."""
    (machine.ttys / "console").mkdir()
    write(machine.ttys / "console", {"active": "tty1 ttyAMA0"})
    uart = next(port for port in machine.ports() if port.device.endswith("ttyAMA0"))
    assert uart.description.startswith("ttyAMA0 - also the kernel's console: ")
    assert "raspi-config" in uart.description
    assert [port.device for port in machine.ports()] == [
        f"{machine.dev}/{name}" for name in ("ttyACM0", "ttyAMA0", "ttyUSB0")
    ]


def test_what_dev_does_not_have_is_not_listed(machine: Machine) -> None:
    """A container sees the sysfs of the whole machine."""
    (machine.dev / "ttyACM0").unlink()
    assert [port.device for port in machine.ports()] == [f"{machine.dev}/{n}" for n in ("ttyAMA0", "ttyUSB0")]


def test_a_machine_without_sysfs(tmp_path: Path) -> None:
    """Has no ports."""
    assert serial_ports(ttys=str(tmp_path / "none")) == []


def test_a_description_is_words(machine: Machine) -> None:
    """What a device calls itself cannot move the cursor; bytes that are no UTF-8 do no harm."""
    usb = machine.root / "sys/devices/usb1/1-2"
    (usb / "product").write_bytes(b"a\x1b[2Jb\xff\n")
    assert machine.ports()[-1].description == "a [2Jb\ufffd"


@pytest.mark.parametrize("text", ["", "zz", "no number"])
def test_an_identity_that_is_none(machine: Machine, text: str) -> None:
    """The other ports are listed all the same."""
    write(machine.root / "sys/devices/usb1/1-1", {"idVendor": text})
    assert len(machine.ports()) == 2


class Pulled(Sysfs):
    """Before the `fails_at`th access, `vanish` happens; it may raise."""

    def __init__(self, fails_at: int, vanish: Callable[[], None]) -> None:
        self.left = fails_at
        self.vanish = vanish

    def _access(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.vanish()

    def names(self, folder: str) -> list[str]:
        """See `Sysfs`."""
        self._access()
        return super().names(folder)

    def target(self, path: str) -> str:
        """See `Sysfs`."""
        self._access()
        return super().target(path)

    def text(self, path: str) -> str:
        """See `Sysfs`."""
        self._access()
        return super().text(path)


def failing(error: Exception) -> Callable[[], None]:
    """An access that fails."""

    def fail() -> None:
        raise error

    return fail


def removing(path: Path) -> Callable[[], None]:
    """The kernel takes a file or a folder away."""

    def remove() -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    return remove


@pytest.mark.parametrize("seed", range(200))
def test_a_device_that_is_pulled_while_it_is_listed(machine: Machine, seed: int) -> None:
    """At each moment, whatever vanishes: always a list, of ports that were there."""
    chance = random.Random(seed)
    before = machine.ports()
    everything = sorted(machine.root.rglob("*"))
    what = chance.choice(
        [
            removing(chance.choice(everything)),
            removing(machine.root / "sys/devices/usb1/1-1"),
            failing(OSError(chance.choice([2, 5, 19]), "gone")),
            failing(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")),
            failing(ValueError("embedded null byte")),
        ]
    )
    after = machine.ports(Pulled(chance.randint(1, 25), what))
    assert {port.device for port in after} <= {port.device for port in before}
