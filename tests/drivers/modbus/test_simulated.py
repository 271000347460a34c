"""The port `sim:` of a Modbus link: the link's own slaves are on the bus."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.kinds import protocol
from drivers.link import Link
from drivers.modbus.profiles import PROFILES
from drivers.modbus.simulated import simulated_port
from drivers.options import parse_options
from tests.support.leaks import nothing_left
from tests.support.waiting import until

KIND: Any = protocol("modbus")
DEVICES = {
    "roof": {"id": 7, "profile": "cwt"},
    "hall": {"id": 2, "profile": "xy-md02"},
    "own": {"id": 9, "registers": {"t": {"function": 4, "address": 1, "scale": 0.1}}},
}


def parsed(port: str, devices: dict[str, Any] = DEVICES) -> dict[str, Any]:
    """A link's options."""
    return dict(parse_options(KIND.options, {"port": port, "devices": devices}))


def warnings(port: str) -> list[str]:
    """Of a link with `DEVICES`."""
    return [text for option, text in KIND.warnings(parsed(port)) if option == "devices"]


def test_each_device_answers() -> None:
    """Without a word of slaves in the port: as it is written on the bus, it is on the simulated one."""
    with (
        nothing_left(),
        Link("bus", "sim:", protocol="modbus", devices=DEVICES, every="200ms") as link,
    ):
        until(lambda: link.status().devices.keys() == DEVICES.keys(), what=str(link.status()))
        for channel in ("roof/temperature", "hall/humidity", "own/t"):
            assert link.request("read", channel).value > 0


def test_every_profile_is_simulated() -> None:
    """By the name that it has here."""
    devices = {f"d{number}": {"id": number, "profile": name} for number, name in enumerate(PROFILES, 1)}
    with (
        nothing_left(),
        Link("bus", "sim:", protocol="modbus", devices=devices, every="200ms") as link,
    ):
        until(lambda: link.status().devices.keys() == devices.keys(), what=str(link.status()))


@pytest.mark.parametrize(
    ("port", "becomes"),
    [
        ("sim:", "sim:?slaves=7:cwt,2:xy-md02,9:xy-md02"),
        ("sim:/tmp/a?speed=5", "sim:/tmp/a?speed=5&slaves=7:cwt,2:xy-md02,9:xy-md02"),
        ("sim:?slaves=1:cwt", "sim:?slaves=1:cwt"),
        ("sim:?replay=a.txt", "sim:?replay=a.txt"),
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("tcp://h", "tcp://h"),
    ],
)
def test_the_port(port: str, becomes: str) -> None:
    """What was written of the slaves stays."""
    assert simulated_port(port, parsed("sim:")["devices"]) == becomes


def test_what_is_not_as_it_is_written() -> None:
    """A slave without a profile, one that is not there, one that is another: said by `check`."""
    (own,) = warnings("sim:")
    assert own.startswith("own: the simulator knows slaves by their profile; at 9 it is xy-md02")
    assert warnings("sim:?slaves=7:cwt,2:rs-ws-n01,9:xy-md02") == [
        "hall: slave 2 of the simulated bus is rs-ws-n01, not xy-md02"
    ]
    missing = warnings("sim:?slaves=7:cwt")
    assert missing == [
        "hall: the simulated bus has no slave 2; write slaves=2:xy-md02,… in the port",
        "own: the simulated bus has no slave 9; write slaves=9:xy-md02,… in the port",
    ]
    assert warnings("sim:?replay=a.txt") == []
