"""The emulated ATmega328P: its resets, memories, converter and sensors, as `probe.c` finds them."""

import os
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.waiting import until

POWER, KEY, BROWN_OUT, WATCHDOG = 1, 2, 4, 8
"""Bits of MCUSR, in the order of the data sheet."""


def test_the_first_start(probe: Callable[..., Any]) -> None:
    """By power, with an empty EEPROM and memory that holds anything; it is there within seconds."""
    chip = probe()
    assert [line.body for line in chip.said()] == [f"D start {POWER} 0 0"]
    status = chip.status()
    assert status["resets"] == {"power": 1, "key": 0, "brown-out": 0, "watchdog": 0}
    assert status["lines"] == 1
    assert status["sent"] == len("$D start 1 0 0*00000000\n")
    assert status["powered"] is status["runs"] is status["plugged"] is True


@pytest.mark.parametrize(
    ("command", "flags", "kept"),
    [
        ("reset power", POWER, 0),
        ("reset key", KEY, 1),
        ("reset brown-out", BROWN_OUT, 1),
        ("reset watchdog", WATCHDOG, 1),
        ("off 50", POWER, 0),
    ],
)
def test_resets(chip: Any, command: str, flags: int, kept: int) -> None:
    """Each cause has its flag; memory outlives all but the loss of power, the EEPROM outlives that, too."""
    chip.tell(command)
    assert chip.line() == f"start {flags} 1 {kept}"
    cause = command.removeprefix("reset ").replace("off 50", "power")
    assert chip.status()["resets"][cause] == (2 if cause == "power" else 1)


def test_without_power(chip: Any) -> None:
    """Nothing is said or heard, and no reset is possible, until the power is back by itself."""
    chip.tell("off 86400000")
    assert (chip.status()["powered"], chip.status()["runs"]) == (False, False)
    assert chip.ask("reset key") == "error reset: there is no power"
    sent = chip.status()["sent"]
    chip.send(b"x")
    until(lambda: chip.status()["unheard"] == 1, what="the byte that nobody hears")
    assert chip.status()["sent"] == sent
    chip.tell("off 1")
    assert chip.line() == f"start {POWER} 1 0"


def test_a_watchdog_of_the_program(chip: Any) -> None:
    """It resets a program that does not reset it; so does the key one that hangs."""
    chip.send(b"w")
    assert chip.line() == f"start {WATCHDOG} 1 1"
    chip.send(b"hx")
    until(lambda: chip.status()["received"] == 3, what="the byte that it does not look at")
    chip.tell("reset key")
    assert chip.line() == f"start {KEY} 2 1"
    assert chip.do(b"y") == "heard y"


def test_flags_stay_until_they_are_cleared(chip: Any) -> None:
    """Two resets before the program has run: it finds both flags; the loss of power clears the one before."""
    chip.tell("reset key\nreset brown-out")
    assert chip.line() == f"start {KEY | BROWN_OUT} 1 1"
    chip.tell("reset key\nreset power")
    assert chip.line() == f"start {POWER} 2 0"


def test_memory_after_a_power_cut(chip: Any) -> None:
    """What the program has written is gone, and not zero either: it may hold anything."""
    for count in (1, 2, 3):
        chip.tell("reset power")
        assert chip.line() == f"start {POWER} {count} 0"


def test_the_eeprom_outlives_the_emulator(probe: Callable[..., Any]) -> None:
    """Even when that is killed: it is in a file, byte by byte."""
    chip = probe()
    chip.tell("reset key")
    until(lambda: len(chip.said()) == 2, what="its second start")
    content = (chip.folder / "eeprom").read_bytes()
    assert content == struct.pack("<H", 1) + b"\xff" * 1022
    chip.stop(9)
    chip.start()
    until(lambda: len(chip.said()) == 3, what="its third start")
    assert chip.said()[-1].body == f"D start {POWER} 2 0"


@pytest.mark.parametrize(("mv", "step"), [(0, 0), (2500, 511), (5000, 1023), (1234, 252)])
def test_millivolts(chip: Any, mv: int, step: int) -> None:
    """The converter sees them at its pin and at no other, and after a reset, too."""
    for pin in range(6):
        chip.tell(f"millivolts A{pin} {mv if pin == 3 else 100 * pin}")
    assert chip.do(b"3") == f"adc {step}"
    assert chip.do(b"5") == "adc 102"
    chip.tell("reset key")
    assert chip.line() == f"start {KEY} 1 1"
    assert chip.do(b"3") == f"adc {step}"


def test_an_sht31(chip: Any) -> None:
    """It is not ready at once (48: not acknowledged); then its value and its checksum, by the data sheet."""
    chip.tell("temperature -7.25")
    chip.tell("humidity 61.2")
    word, _, _, more = measured = sht31(chip)
    assert measured == (word, crc8(word), crc8(more), more)
    assert -45 + 175 * int.from_bytes(word) / 65535 == pytest.approx(-7.25, abs=0.002)
    assert 100 * int.from_bytes(more) / 65535 == pytest.approx(61.2, abs=0.001)
    chip.tell("sensor bad-checksum")
    word, crc, _, _ = sht31(chip)
    assert crc != crc8(word)
    chip.tell("sensor absent")
    assert chip.do(b"i") == "sht31 absent"
    chip.tell("sensor ok")
    assert sht31(chip) == measured


def sht31(chip: Any) -> tuple[bytes, int, int, bytes]:
    """What it says: the first word and its checksum, the second's checksum and that."""
    name, early, data = chip.do(b"i").split(" ")
    assert (name, early) == ("sht31", "48")
    found = bytes.fromhex(data)
    return found[:2], found[2], found[5], found[3:5]


def crc8(data: bytes) -> int:
    """Of Sensirion's data sheets: polynomial 0x31, initial value 0xFF; of BEEF it is 92."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


@pytest.mark.parametrize(
    ("celsius", "percent", "data"),
    [
        (35.1, 65.2, "028C015FEE"),
        (-10.1, 65.2, "028C806573"),
        (0, 0, "0000000000"),
        (-0.04, 100, "03E80000EB"),
    ],
)
def test_a_dht22(chip: Any, celsius: float, percent: float, data: str) -> None:
    """Its 40 bits, the first two as its data sheet has them."""
    chip.tell(f"temperature {celsius}")
    chip.tell(f"humidity {percent}")
    assert chip.do(b"d") == f"dht22 {data}"


def test_a_dht22_rests(chip: Any) -> None:
    """Asked again within two seconds it says the same; absent it does not pull the wire."""
    chip.tell("speed 0.2")  # so that what follows is within two seconds of the chip's
    chip.tell("temperature 35.1")
    chip.tell("humidity 65.2")
    assert chip.do(b"d") == "dht22 028C015FEE"
    chip.tell("temperature 20")
    assert chip.do(b"d") == "dht22 028C015FEE"
    chip.tell("sensor absent")
    assert chip.do(b"d") == "dht22 absent"
    chip.tell("sensor bad-checksum")
    chip.tell("speed 20")
    rested = chip.status()["seconds"] + 2
    until(lambda: chip.status()["seconds"] > rested, what="its rest")
    assert chip.do(b"d") == "dht22 028C00C803"


def test_the_boot_loader(probe: Callable[..., Any]) -> None:
    """After a reset by the key it runs, and the program hears nothing; it leaves no flag."""
    chip = probe("--boot-loader", "60000").open()
    assert [line.body for line in chip.said()] == ["D start 0 0 0"]
    chip.tell("reset watchdog")
    assert chip.line() == "start 0 1 1"
    chip.tell("reset key")
    assert chip.status()["runs"] is False
    chip.send(b"x")
    until(lambda: chip.status()["unheard"] == 1, what="the byte that the boot loader takes")
    chip.tell("reset brown-out")
    assert chip.line() == "start 0 2 1"


def test_dtr(probe: Callable[..., Any]) -> None:
    """With it each opening of the port is a reset by the key, and the boot loader comes first."""
    chip = probe("--dtr", "--boot-loader", "50")
    for count in (1, 2):
        chip.open()
        assert chip.line() == f"start 0 {count} 1"
        chip.close()
        until(lambda: not chip.status()["opened"], what="its closing")
    assert chip.status()["resets"]["key"] == 2
    descriptors = [os.open(chip.link, os.O_RDWR | os.O_NOCTTY) for _ in range(2)]
    until(lambda: chip.status()["resets"]["key"] == 3, what="a reset")
    for each in descriptors:
        os.close(each)
