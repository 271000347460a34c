"""CRC-16/MODBUS against frames of others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.crc import crc16
from tests.support.modbus_slaves import crc
from tests.support.modbus_vectors import VECTORS, hexed


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda vector: vector["hex"])
def test_golden_frames(vector: dict[str, Any]) -> None:
    """Each ends with its CRC, low byte first."""
    frame = hexed(vector["hex"])
    assert crc16(frame[:-2]) == frame[-2:], vector["source"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["hex"])
def test_bad_frames(vector: dict[str, Any]) -> None:
    """Misprints and captured damage."""
    frame = hexed(vector["hex"])
    assert crc16(frame[:-2]) != frame[-2:], vector["why"]


def test_check_value() -> None:
    """The catalogues' check for this CRC, of the digits 1 to 9."""
    assert crc16(b"123456789") == b"\x37\x4b"


@given(st.binary(max_size=300))
def test_another_way_of_reckoning(data: bytes) -> None:
    """Bit by bit, without a table."""
    assert crc16(data) == crc(data)
