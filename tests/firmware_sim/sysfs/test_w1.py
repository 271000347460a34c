"""What w1_therm shows, against files of real machines and the data sheet."""

import pytest

from firmware_sim.sysfs.w1 import BROKEN, crc8, millis, scratchpad, w1_slave

# The kernel's Documentation, forums.raspberrypi.com, raspberrypi.stackexchange.com: the file as it was.
REAL = [
    "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n",
]


@pytest.mark.parametrize("text", REAL)
def test_real_files(text: str) -> None:
    """The same bytes, the same file."""
    assert w1_slave(bytes.fromhex(text[:26])) == text


def test_the_crc_of_the_application_note() -> None:
    """Maxim's application note 27: the number 02 1C B8 01 00 00 00 has the CRC A2."""
    assert crc8(bytes.fromhex("021CB801000000")) == 0xA2


@pytest.mark.parametrize(
    ("celsius", "low_and_high"),
    # The table of the data sheet of the DS18B20.
    [
        (125, "D0 07"),
        (85, "50 05"),
        (25.0625, "91 01"),
        (10.125, "A2 00"),
        (0.5, "08 00"),
        (0, "00 00"),
        (-0.5, "F8 FF"),
        (-10.125, "5E FF"),
        (-25.0625, "6F FE"),
        (-55, "90 FC"),
    ],
)
def test_the_data_sheet_s_table(celsius: float, low_and_high: str) -> None:
    """Sixteenths of a degree; and back in thousandths."""
    data = scratchpad(celsius)
    assert data[:2] == bytes.fromhex(low_and_high)
    assert crc8(data) == 0
    assert millis(data) == int(celsius * 1000)


def test_nobody_on_the_line() -> None:
    """All ones, a wrong checksum; t is of the bad bytes."""
    assert w1_slave(BROKEN) == ("ff ff ff ff ff ff ff ff ff : crc=c9 NO\nff ff ff ff ff ff ff ff ff t=-62\n")
