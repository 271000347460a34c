"""What is found below a root."""

import os
from pathlib import Path

import pytest

from drivers.sysfs.files import Files
from drivers.sysfs.tree import Chip, Tree, scan
from tests.support.made_up_sysfs import I2C, MASTER, MadeUpTree


def chips(tree: MadeUpTree) -> dict[str, Chip]:
    """Those that are there, by their names."""
    return {chip.name: chip for chip in scan(str(tree.root), Files()).chips}


def test_a_chip_of_iio(tree: MadeUpTree) -> None:
    """On an I2C bus, it is known by its address in each form; the number is the last resort."""
    tree.iio("bme280", f"{I2C}/1-0076", 3, in_temp_input="21500\n", in_pressure_input="101.3\n")
    chip = chips(tree)["bme280"]
    assert (chip.subsystem, chip.model, chip.identity) == ("iio", "bme280", "")
    assert chip.addresses == ("1-0076", "0x76", "76", "iio:device3")
    assert (chip.bus, chip.bus_name) == (str(tree.root / I2C), "i2c-1")
    assert sorted(chip.quantities) == ["pressure", "temp"]
    assert chip.folder == str(tree.root / "bus/iio/devices/iio:device3")


def test_a_chip_of_hwmon(tree: MadeUpTree) -> None:
    """The link `device` says where it is."""
    tree.hwmon("sht3x", f"{I2C}/1-0044", 2, temp1_input="21500\n", humidity1_input="45000\n")
    chip = chips(tree)["sht3x"]
    assert (chip.subsystem, chip.addresses) == ("hwmon", ("1-0044", "0x44", "44", "hwmon2"))
    assert chip.bus_name == "i2c-1"
    assert sorted(chip.quantities) == ["humidity1", "temp1"]


def test_chips_on_no_bus(tree: MadeUpTree) -> None:
    """Each is alone; the address may be in the name."""
    tree.iio("dht11@4", "devices/platform/dht11@4", 0, in_temp_input="1\n")
    tree.hwmon("cpu_thermal", "devices/virtual/thermal/thermal_zone0", 0, temp1_input="1\n")
    found = chips(tree)
    assert found["dht11"].addresses == ("4", "dht11@4", "iio:device0")
    assert found["dht11"].bus_name == "dht11@4"
    assert found["cpu_thermal"].bus_name == "thermal_zone0"
    assert found["cpu_thermal"].bus != found["dht11"].bus


def test_a_multiplexer_hangs_with_its_trunk(tree: MadeUpTree) -> None:
    """The bus is the outermost; a 1-wire bus behind an I2C chip is one of its own."""
    tree.iio("bme280", f"{I2C}/i2c-11/11-0076", 0, in_temp_input="1\n")
    tree.w1("28-000000000001", f"{I2C}/1-0018/w1_bus_master2", temperature="1\n")
    found = chips(tree)
    assert found["bme280"].bus == str(tree.root / I2C)
    assert found["28-000000000001"].bus_name == "w1_bus_master2"


def test_spi(tree: MadeUpTree) -> None:
    """Its bus is `spi0`, its address `spi0.1`."""
    tree.iio("max31855", "devices/platform/soc/3f204000.spi/spi_master/spi0/spi0.1", 0, in_temp_raw="1\n")
    chip = chips(tree)["max31855"]
    assert (chip.bus_name, chip.addresses[0]) == ("spi0", "spi0.1")


def test_1_wire(tree: MadeUpTree) -> None:
    """By id; ghosts are no sensors, and neither are chips that measure no temperature."""
    tree.w1("28-0316a2794b1f", temperature="21187\n")
    tree.w1("3b-000000000001", w1_slave="")
    tree.w1("00-400000000000")
    tree.w1("01-00000000abcd")
    found = scan(str(tree.root), Files())
    assert [chip.name for chip in found.chips] == ["28-0316a2794b1f", "3b-000000000001"]
    first = found.chips[0]
    assert (first.subsystem, first.model, first.identity) == ("w1", "DS18B20", "28-0316a2794b1f")
    assert (first.bus, first.bus_name) == (str(tree.root / MASTER), "w1_bus_master1")
    assert first.master == str(tree.root / "bus/w1/devices/w1_bus_master1")
    assert found.ghosts == ("00-400000000000",)


def test_folders_without_links(tmp_path: Path) -> None:
    """As somebody makes them up who has no kernel: 1-wire chips share a bus, others are alone."""
    for folder, file in (
        ("bus/w1/devices/28-000000000001", "w1_slave"),
        ("bus/w1/devices/28-000000000002", "w1_slave"),
        ("bus/iio/devices/iio:device0", "in_temp_input"),
        ("bus/iio/devices/iio:device1", "in_temp_input"),
        ("class/hwmon/hwmon0", "temp1_input"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / file).write_text("1\n")
        if "w1" not in folder:
            (tmp_path / folder / "name").write_text("chip\n")
    found = scan(str(tmp_path), Files()).chips
    assert len(found) == 5
    assert len({chip.bus for chip in found}) == 4
    assert [chip.bus_name for chip in found] == ["iio:device0", "iio:device1", "hwmon0", "w1", "w1"]
    (tmp_path / "bus/w1/devices/w1_bus_master1").mkdir()
    assert [chip.bus_name for chip in scan(str(tmp_path), Files()).chips][-2:] == ["w1_bus_master1"] * 2


def test_a_thermometer_is_not_there_twice(tree: MadeUpTree) -> None:
    """The kernel gives 1-wire ones to hwmon too."""
    tree.hwmon("w1_slave_temp", f"{MASTER}/28-000000000001", temp1_input="1\n")
    assert scan(str(tree.root), Files()) == Tree()


@pytest.mark.parametrize("root", ["/nonexistent", "/etc/passwd", "/proc/self/fd/\x7f"])
def test_no_such_root(root: str) -> None:
    """Nothing is there."""
    assert scan(root, Files()) == Tree()


def test_odd_folders(tree: MadeUpTree) -> None:
    """Whatever is in them: it is there, or not; nothing raises, nothing waits."""
    devices = tree.root / "bus/iio/devices"
    (devices / "iio:device1").symlink_to(devices / "iio:device2")
    (devices / "iio:device2").symlink_to(devices / "iio:device1")
    (devices / "iio:device3").symlink_to("/nonexistent")
    (devices / "iio:device4").write_text("a file")
    (devices / "trigger0").mkdir()
    (devices / "iio:device5").mkdir()  # without a name
    (devices / "iio:device6").mkdir()
    os.mkfifo(devices / "iio:device6/name")
    (devices / "iio:device6/in_temp_input").write_text("1")
    odd = tree.iio("b/m e\x1b°", f"{I2C}/1-0001", 7, in_temp_input="1")
    (odd / "uevent").mkdir()
    (odd / "name").write_bytes(b"b/m e\x1b\xff\n")
    (tree.root / "bus/w1/devices/28-xyz").mkdir()
    found = chips(tree)
    assert sorted(found) == ["b_m_e__", "iio:device6"]


class Vanishing(Files):
    """What is listed has gone when it is looked at, `after` so many looks."""

    def __init__(self, after: int) -> None:
        self.left = after

    def _look(self, path: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise FileNotFoundError(2, "gone", path)

    def names(self, folder: str) -> list[str]:
        """See `Files`."""
        self._look(folder)
        return super().names(folder)

    def target(self, path: str) -> str:
        """See `Files`."""
        self._look(path)
        return super().target(path)

    def mark(self, folder: str) -> int:
        """See `Files`."""
        self._look(folder)
        return super().mark(folder)

    def label(self, path: str) -> str:
        """See `Files`."""
        self._look(path)
        return super().label(path)


def test_what_vanishes_while_it_is_looked_at(tree: MadeUpTree) -> None:
    """At each step: it is not there, the others are."""
    tree.iio("bme280", f"{I2C}/1-0076", in_temp_input="1\n")
    tree.hwmon("sht3x", f"{I2C}/1-0044", temp1_input="1\n")
    tree.w1("28-000000000001", temperature="1\n")
    for after in range(30):
        found = scan(str(tree.root), Vanishing(after))
        assert len(found.chips) <= 3
    assert len(found.chips) == 3


def test_a_chip_that_comes_anew_has_another_mark(tree: MadeUpTree) -> None:
    """Though all else is the same."""
    first = tree.w1("28-000000000001", temperature="1\n")
    before = chips(tree)
    tree.remove(first)
    assert chips(tree) == {}
    tree.w1("28-000000000001", temperature="1\n")
    after = chips(tree)
    assert before != after
    assert before["28-000000000001"].folder == after["28-000000000001"].folder
