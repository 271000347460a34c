"""What a link says of its devices, in words."""

import logging

import pytest

from drivers import Link
from drivers.source import Channel, Device, Up
from tests.contract.memory import MemorySource, Thermometer


class Named(MemorySource):
    """Tells devices apart by a channel's first word."""

    def device_of(self, channel: str) -> str:
        """See `drivers.source.Source`."""
        return channel.partition("/")[0]


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (Device("uno", "24a0", "7", 0, {"t": Channel("t")}), ": uno 24a0, firmware 7, channels t"),
        (Device("text", "", "", 0, {}, any_channel=True), ": text"),
        (Device("", "", "", 0, {}, any_channel=True), ""),
    ],
)
def test_what_is_not_known_is_left_out(device: Device, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """Of the line that says that somebody is there."""
    caplog.set_level(logging.INFO)
    Link("board", source=MemorySource(Thermometer())).tell(Up(device))
    assert [record.getMessage() for record in caplog.records] == [f"board: up on None{said}"]


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, ""), (2, "; there are 00, 01"), (13, "; there are " + ", ".join(f"{n:02}" for n in range(12)))],
)
def test_who_is_there_instead(count: int, said: str) -> None:
    """A dozen names at most."""
    link = Link("bus", source=Named(Thermometer()))
    for number in range(count):
        link.tell(Up(Device("m", "", "", 0, {}, f"{number:02}")))
    more = ", … (13 in all)" if count > 12 else ""
    assert link.absence("x/temp") == f"x is not there{said}{more}"
