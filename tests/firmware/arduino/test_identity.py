"""The identity and the boot number in EEPROM."""

from collections.abc import Callable

import pytest

from tests.firmware.arduino.rig import Board

CELL = 6
CELLS = 16


@pytest.fixture
def blank(make_board: Callable[..., Board]) -> Board:
    """A board whose EEPROM is as it comes: 0xFF all over."""
    board = make_board()
    board.eeprom[:] = [0xFF] * 102
    return board


def test_an_identity_is_made_once(blank: Board) -> None:
    """At random, at the first start; later starts find it."""
    assert blank.identity() == 0x1234ABCD
    blank.set("random_number", 5)
    assert blank.identity() == 0x1234ABCD


@pytest.mark.parametrize("fill", [0x00, 0xFF])
def test_an_empty_eeprom_has_none(blank: Board, fill: int) -> None:
    """Neither of the two that EEPROMs come with is taken for one, nor for boot numbers."""
    blank.eeprom[:] = [fill] * 102
    assert blank.identity() == 0x1234ABCD
    assert blank.next_boot() == 1


def test_boots_are_counted(blank: Board) -> None:
    """One on at each start, through more starts than there are cells; the identity stays."""
    blank.identity()
    assert [blank.next_boot() for _ in range(1000)] == list(range(1, 1001))
    assert blank.identity() == 0x1234ABCD


def test_wear_is_spread(blank: Board) -> None:
    """A thousand starts write no byte more than 63 times."""
    for _ in range(1000):
        blank.next_boot()
    assert max(blank.writes()) == 63
    assert max(blank.writes()[:CELL]) == 0


def test_power_cut_in_the_middle_of_a_write(blank: Board) -> None:
    """After any of its bytes: the next start has a number that no start had before which said one."""
    for start in range(1, 100):
        before = bytes(blank.eeprom)
        for written in range(CELL):
            blank.set("power", written)
            blank.next_boot()
            blank.set("power", -1)
            cut = bytes(blank.eeprom)
            assert blank.next_boot() in (start, start + 1), written
            blank.eeprom[:] = list(before)
            assert cut != before or written == 0 or cut == bytes(blank.eeprom)
        assert blank.next_boot() == start


def test_the_largest_number(blank: Board) -> None:
    """After 4294967295 it begins at 1; another number each time is what counts."""
    import struct

    def crc16(data: bytes) -> int:
        crc = 0x534C
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        return crc

    number = struct.pack("<I", 0xFFFFFFFF)
    blank.eeprom[CELL : 2 * CELL] = list(number + struct.pack("<H", crc16(number)))
    assert blank.next_boot() == 1
