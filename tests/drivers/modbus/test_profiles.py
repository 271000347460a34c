"""The profiles: what they promise."""

import pytest

from drivers.modbus.blocks import blocks
from drivers.modbus.profiles import PROFILES
from tests.support.modbus_vectors import VECTORS

UNITS = {"temperature": "C", "humidity": "%", "light": "lx", "pressure": "Pa"}


def test_the_names_are_the_product_s() -> None:
    """Other programs and checks rely on them."""
    assert list(PROFILES) == [
        "xy-md02", "rs-ws-n01", "cwt", "r444a01", "pta8d08", "kincony-sht30", "rs-gz", "sen0644", "orch-s4",
    ]  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_each_is_whole(name: str) -> None:
    """It cites its source, its channels are called what they measure, and one question reads them."""
    profile = PROFILES[name]
    assert profile.source
    assert profile.model
    assert profile.lines
    for channel, register in profile.registers.items():
        assert channel.rstrip("12345678") == register.kind
        assert register.unit == UNITS[register.kind]
    assert len(blocks(1, profile.registers)) == 1


@pytest.mark.parametrize("name", PROFILES)
def test_each_has_a_golden_vector(name: str) -> None:
    """A frame or an example of a manual."""
    assert any(each["profile"] == name for each in VECTORS["profiles"] + VECTORS["registers"])
