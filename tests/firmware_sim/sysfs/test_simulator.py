"""The made-up /sys, with a clock made of numbers; its files are real."""

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.commands import answer
from firmware_sim.errors import SimulatorError
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS
from firmware_sim.simulator import Settings
from firmware_sim.sysfs.chips import CHIPS
from firmware_sim.sysfs.simulator import BULK, CONVERSION_NS, LOOK_NS, READY_NS, TreeSimulator

IIO = "bus/iio/devices/iio:device0"
SHT = "class/hwmon/hwmon1"
W1 = "bus/w1/devices/28-0316a2794b1f"
NAMES = ["iio/bme280/temp", "iio/bme280", "hwmon/sht3x/humidity1", "w1/28-0316a2794b1f", "28-00000a1b2c3d"]


class Machine:
    """A simulator whose clock stands still until it is told."""

    def __init__(self, folder: Path, recording: Recording) -> None:
        self.now = 0
        self.root = folder / "sys"
        settings = Settings(self.root, folder / "sys.control", speed=1.0)
        self.simulator = TreeSimulator(settings, recording, lambda: self.now)

    def read(self, path: str) -> str:
        """A file's text, without its end."""
        return (self.root / path).read_text().rstrip("\n")

    def at(self, now: int) -> None:
        """Have it do what is due by then."""
        self.now = now
        self.simulator._work(now)

    def tell(self, command: str) -> str:
        """A command; the rest of an answer that says ok."""
        said = answer(self.simulator, command)
        assert said.startswith("ok "), said
        return said.removeprefix("ok ")


@pytest.fixture
def machine(tmp_path: Path, recording: Recording) -> Iterator[Machine]:
    """A folder with all chips; gone afterwards."""
    machine = Machine(tmp_path, recording)
    machine.simulator.open()
    yield machine
    machine.simulator.close()
    assert list(tmp_path.iterdir()) == []


def test_the_files(machine: Machine) -> None:
    """Names, values and units as the kernel has them, where it has them. Row 0: 20 °C, 40 %."""
    assert machine.read(f"{IIO}/name") == "bme280"
    assert machine.read(f"{IIO}/in_temp_input") == "20000"
    assert machine.read(f"{IIO}/in_humidityrelative_input") == "40000"
    assert machine.read(f"{IIO}/in_pressure_input") == "101.325000000"
    assert (machine.root / IIO).resolve().parent.name == "1-0076"
    assert machine.read("class/hwmon/hwmon0/name") == "cpu_thermal"
    assert machine.read("class/hwmon/hwmon0/temp1_input") == "45000"
    assert machine.read(f"{SHT}/name") == "sht3x"
    assert machine.read(f"{SHT}/temp1_input") == "20000"
    assert machine.read(f"{SHT}/humidity1_input") == "40000"
    assert (machine.root / SHT / "device").resolve().name == "1-0044"
    assert (machine.root / "class/hwmon/hwmon0/device").resolve().name == "thermal_zone0"
    assert machine.read(f"{W1}/temperature") == "20000"
    assert machine.read(f"{W1}/w1_slave").startswith("40 01 4b 46 7f ff 0c 10 ")
    assert machine.read(f"{W1}/w1_slave").endswith(" t=20000")
    assert machine.read("bus/w1/devices/28-00000a1b2c3d/temperature") == "18000"
    assert machine.read(f"{W1}/resolution") == "12"
    assert (machine.root / W1).resolve().parent.name == "w1_bus_master1"
    assert machine.read("bus/w1/devices/w1_bus_master1/w1_master_slave_count") == "2"
    assert machine.read("bus/w1/devices/w1_bus_master1/w1_master_slaves").split() == [
        "28-0316a2794b1f",
        "28-00000a1b2c3d",
    ]
    assert machine.read(BULK) == "0"


def test_the_recording_goes_on(machine: Machine) -> None:
    """A row a second, as recorded."""
    machine.at(NS - 1)
    assert machine.read(f"{IIO}/in_temp_input") == "20000"
    machine.at(NS)
    assert machine.read(f"{IIO}/in_temp_input") == "20500"
    assert json.loads(machine.tell("status"))["counters"] == {"rows": 2}


def test_a_fast_recording_is_written_ten_times_a_second(machine: Machine) -> None:
    """The card is not worn."""
    assert machine.tell("speed 1000") == "1000"
    assert machine.simulator.status()["speed"] == 1000
    for now in range(0, NS, NS // 100):
        machine.at(now)
    assert machine.simulator.status()["counters"]["rows"] == 11


def test_a_value_that_is_told(machine: Machine) -> None:
    """In all that measure it, from the next row on; a spike once."""
    machine.tell("value temp 31.5")
    machine.tell("spike hum 99")
    machine.at(NS)
    assert machine.read(f"{IIO}/in_temp_input") == machine.read(f"{SHT}/temp1_input") == "31500"
    assert (
        machine.read(f"{IIO}/in_humidityrelative_input") == machine.read(f"{SHT}/humidity1_input") == "99000"
    )
    machine.at(2 * NS)
    assert machine.read(f"{SHT}/humidity1_input") == "42000"


def test_hang_and_heal(machine: Machine) -> None:
    """A FIFO, which stays while the rows go on; of a whole chip, all its files, and of a thermometer both."""
    assert machine.tell("hang iio/bme280/temp") == "iio/bme280/temp hangs"
    fifo = machine.root / IIO / "in_temp_input"
    inode = fifo.stat().st_ino
    machine.at(NS)
    assert fifo.is_fifo()
    assert fifo.stat().st_ino == inode
    assert machine.read(f"{IIO}/in_humidityrelative_input") == "41000"
    assert machine.simulator.status()["ill"] == {"iio/bme280/temp": "hangs"}
    assert machine.tell("heal iio/bme280/temp") == "iio/bme280/temp is well"
    assert machine.read(f"{IIO}/in_temp_input") == "20500"
    machine.tell("hang 28-0316a2794b1f")
    assert (machine.root / W1 / "w1_slave").is_fifo()
    assert (machine.root / W1 / "temperature").is_fifo()
    machine.tell("hang hwmon/sht3x")
    assert (machine.root / SHT / "humidity1_input").is_fifo()
    assert machine.tell("heal all") == "all is well"
    assert machine.read(f"{SHT}/humidity1_input") == "41000"
    assert machine.simulator.status()["ill"] == {}


def test_fail(machine: Machine) -> None:
    """EIO, no file, an empty one; one after the other, and over with `heal`."""
    path = machine.root / SHT / "temp1_input"
    for command, said in (("fail hwmon/sht3x/temp1", "eio"), ("fail hwmon/sht3x/temp1 eio", "eio")):
        assert machine.tell(command) == f"hwmon/sht3x/temp1 {said}"
        with pytest.raises(OSError, match="Input/output") as error:
            path.read_text()
        assert error.value.errno == errno.EIO
    machine.tell("fail hwmon/sht3x/temp1 gone")
    assert not path.exists()
    machine.at(NS)
    assert not path.exists()
    machine.tell("fail hwmon/sht3x/temp1 empty")
    assert path.read_text() == ""
    machine.tell("heal hwmon/sht3x/temp1")
    assert path.read_text() == "20500\n"


def test_nonsense(machine: Machine) -> None:
    """No number; of a thermometer a wrong checksum, and nothing in the newer file."""
    machine.tell("nonsense iio/bme280/humidityrelative")
    machine.tell("nonsense w1/28-0316a2794b1f")
    machine.at(NS)
    assert machine.read(f"{IIO}/in_humidityrelative_input") == "nonsense"
    assert machine.read(f"{IIO}/in_temp_input") == "20500"
    assert "crc=c9 NO" in machine.read(f"{W1}/w1_slave")
    assert machine.read(f"{W1}/temperature") == ""


def test_unplug_and_replug(machine: Machine) -> None:
    """The folder and its link go; the list of the bus knows; a chip that is unplugged is not written to."""
    home = (machine.root / W1).resolve()
    assert machine.tell("unplug 28-0316a2794b1f") == "w1/28-0316a2794b1f is unplugged"
    machine.at(NS)
    assert not (machine.root / W1).is_symlink()
    assert not home.exists()
    assert machine.read("bus/w1/devices/w1_bus_master1/w1_master_slave_count") == "1"
    assert machine.simulator.status()["chips"]["w1/28-0316a2794b1f"] == "unplugged"
    machine.tell("unplug 28-00000a1b2c3d")
    assert machine.read("bus/w1/devices/w1_bus_master1/w1_master_slaves") == "not found."
    assert machine.tell("replug w1/28-0316a2794b1f") == f"w1/28-0316a2794b1f -> {W1}"
    assert machine.read(f"{W1}/temperature") == "20500"
    assert machine.simulator.status()["chips"]["w1/28-0316a2794b1f"] == "there"


def test_unplugged_for_a_while(machine: Machine) -> None:
    """It comes back by itself, as ill as it was."""
    machine.tell("fail iio/bme280/temp empty")
    machine.tell("unplug iio/bme280 1.5")
    machine.at(NS + NS // 2 - 1)
    assert not (machine.root / IIO).exists()
    machine.at(NS + NS // 2)
    assert machine.read(f"{IIO}/in_temp_input") == ""
    assert machine.read(f"{IIO}/in_humidityrelative_input") == "41000"


def test_another_number(machine: Machine) -> None:
    """As after a boot in which the chips were found in another order; a serial number stays."""
    assert machine.tell("replug iio/bme280 other") == "iio/bme280 -> bus/iio/devices/iio:device5"
    assert not (machine.root / IIO).exists()
    assert machine.read("bus/iio/devices/iio:device5/in_temp_input") == "20000"
    assert answer(machine.simulator, "replug 28-0316a2794b1f other") == (
        "error w1/28-0316a2794b1f: has a serial number, which stays; leave out `other`"
    )


def test_bulk_conversion(machine: Machine) -> None:
    """`trigger` is written; it converts, is ready, and is done. The file stays the same one."""
    path = machine.root / BULK
    inode = path.stat().st_ino
    path.write_text("trigger\n")
    machine.at(LOOK_NS)
    assert machine.read(BULK) == "-1"
    machine.at(LOOK_NS + CONVERSION_NS - 1)
    assert machine.read(BULK) == "-1"
    machine.at(2 * LOOK_NS + CONVERSION_NS)
    assert machine.read(BULK) == "1"
    assert machine.simulator.status()["therm_bulk_read"] == "1"
    machine.at(3 * LOOK_NS + CONVERSION_NS + READY_NS)
    assert machine.read(BULK) == "0"
    assert path.stat().st_ino == inode


def test_when_it_next_has_something_to_do(machine: Machine) -> None:
    """The bulk file is looked at twenty times a second."""
    machine.at(0)
    assert machine.simulator._next_ns() == LOOK_NS


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("hang iio/bme280/tmp", "expected one of iio/bme280/temp, iio/bme280/humidityrelative, "),
        ("unplug 28-1", "w1/28-0316a2794b1f, w1/28-00000a1b2c3d, or a chip's name without its last part"),
        ("fail iio/bme280 enodata", "expected fail NAME [eio|gone|empty]: got 'enodata'"),
        ("hang", "expected hang NAME: got 0 arguments"),
        ("replug iio/bme280 as", "expected replug CHIP [other]: got 'iio/bme280 as'"),
        ("unplug iio/bme280 -1", "seconds from 0 to 3600; got '-1'"),
        ("heal", "expected heal NAME|all"),
        (
            "stall 1",
            "error 'stall': expected one of unplug, replug, hang, fail, nonsense, heal, spike, value,",
        ),
        ("silent temp", "error 'silent': expected one of"),
    ],
)
def test_wrong_commands(machine: Machine, command: str, said: str) -> None:
    """Are refused in words, and change nothing."""
    assert said in answer(machine.simulator, command)
    assert machine.simulator.status()["ill"] == {}


def test_help_and_announcement(machine: Machine) -> None:
    """What it says first, and its commands."""
    assert machine.simulator.announced == f"root: {machine.root}"
    assert machine.tell("help").startswith("unplug CHIP [SECONDS]; replug CHIP [other]; hang NAME;")


@pytest.mark.parametrize("name", NAMES)
def test_every_name(machine: Machine, name: str) -> None:
    """A chip, a quantity, a thermometer with its bus or without."""
    machine.tell(f"nonsense {name}")
    assert machine.simulator.status()["ill"]
    machine.tell(f"heal {name}")
    assert machine.simulator.status()["ill"] == {}


def test_a_value_out_of_range(tmp_path: Path) -> None:
    """Is 0: a file of these has nothing else to say."""
    recording = Recording(NS, {"temp": ("!range",) * 2, "hum": ("1", "2"), "lux": ("1", "2")})
    machine = Machine(tmp_path, recording)
    machine.simulator.open()
    assert machine.read(f"{IIO}/in_temp_input") == "0"
    machine.simulator.close()


def test_somebody_else_s_folder(tmp_path: Path, recording: Recording) -> None:
    """Is left alone; one that a killed simulator left is taken over; a second one on it is refused."""
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys" / "precious").touch()
    machine = Machine(tmp_path, recording)
    with pytest.raises(SimulatorError, match="which is left alone"):
        machine.simulator.open()
    machine.simulator.close()
    assert (tmp_path / "sys" / "precious").exists()
    (tmp_path / "sys" / "precious").rename(tmp_path / "sys" / ".firmware-sim")
    machine = Machine(tmp_path, recording)
    machine.simulator.open()
    second = Machine(tmp_path, recording)
    with pytest.raises(SimulatorError, match="a running simulator owns"):
        second.simulator.open()
    second.simulator.close()
    assert machine.read(f"{IIO}/name") == "bme280"
    machine.simulator.close()
    assert not (tmp_path / "sys").exists()


def test_chips_do_not_share_a_name() -> None:
    """Nor a number on their bus."""
    assert (
        len({chip.name for chip in CHIPS})
        == len({chip.link.format(chip.number) for chip in CHIPS})
        == len(CHIPS)
    )
