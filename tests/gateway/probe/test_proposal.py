"""From what was found to config lines: names, drivers, what is left out; and the config takes them."""

from pathlib import Path

import pytest

from drivers.stream.port_settings import PortSettings
from gateway.config import load
from gateway.probe import proposal as proposals
from gateway.probe.found import Choice, Found, FoundChannel
from gateway.probe.proposal import Proposal

USUAL = PortSettings()


def proposed(*channels: FoundChannel, taken: tuple[str, ...] = ()) -> Proposal:
    proposal = Proposal(taken_sensors=taken)
    proposal.add("/dev/a", Found("sensorline", "it", channels), USUAL)
    return proposal


@pytest.mark.parametrize(
    ("channel", "driver"),
    [
        (FoundChannel("x", "temperature", "F"), "temperature"),
        (FoundChannel("x", "humidity", "%"), "humidity"),
        (FoundChannel("temp", "light", "lx"), "light"),
        (FoundChannel("x", "", "°C"), "temperature"),
        (FoundChannel("x", "", "LUX"), "light"),
        (FoundChannel("Temperature2"), "temperature"),
        (FoundChannel("T"), "temperature"),
        (FoundChannel("t1"), "temperature"),
        (FoundChannel("RHumidity", "", "%"), "humidity"),
        (FoundChannel("HUMI"), "humidity"),
        (FoundChannel("rh"), "humidity"),
        (FoundChannel("lux"), "light"),
    ],
)
def test_drivers(channel: FoundChannel, driver: str) -> None:
    """By what the device says, else by the unit, else by a usual name."""
    (sensor,) = proposed(channel).sensors.values()
    assert sensor["driver"] == driver


@pytest.mark.parametrize(
    "channel",
    [
        FoundChannel("light"),  # of a sketch: a number from 0 to 1023
        FoundChannel("temp", "pressure", "hPa"),
        FoundChannel("temp", "", "V"),
        FoundChannel("total"),
        FoundChannel("moisture", "", "%"),
    ],
)
def test_what_no_driver_fits(channel: FoundChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The generic one, where there is one, with the unit or an empty one to be filled in; else it is left
    out, by name."""
    monkeypatch.setattr(proposals, "sensor_kinds", lambda: ("temperature", "generic"))
    (sensor,) = proposed(channel).sensors.values()
    assert sensor == {"driver": "generic", "link": "board", "unit": channel.unit}
    monkeypatch.setattr(proposals, "sensor_kinds", lambda: ("temperature",))
    assert proposed(channel).sensors == {}
    assert proposed(channel).left_out == [f"{channel.name} of board"]


def test_names() -> None:
    """The channel's own; with the link's before it, or a number behind it, where that is taken; and what a
    sensor may be called."""
    proposal = proposed(
        FoundChannel("temp"),
        FoundChannel("#t1", "light"),
        FoundChannel("12/0", "temperature"),
        FoundChannel("$gateway", "light"),
        FoundChannel("x" * 70, "light"),
        taken=("temp", "board-temp"),
    )
    assert list(proposal.sensors) == ["board-temp-2", "t1", "12-0", "sensor", "x" * 64]
    assert [sensor["channel"] for sensor in proposal.sensors.values()] == [
        "temp",
        "#t1",
        "12/0",
        "$gateway",
        "x" * 70,
    ]
    plain = proposed(FoundChannel("temp"))
    assert plain.sensors == {"temp": {"driver": "temperature", "link": "board"}}


def test_numbers_are_no_names() -> None:
    """A column of a table gets its link's name in front."""
    assert proposed(FoundChannel("1", "", "C")).sensors == {
        "board-1": {"driver": "temperature", "link": "board", "channel": "1"}
    }


@pytest.mark.parametrize(
    ("channel", "unit"),
    [
        (FoundChannel("x", "", "°F"), "F"),
        (FoundChannel("x", "", "K"), "K"),
        (FoundChannel("x", "", "°C"), None),
        (FoundChannel("x", "", "klx"), "klx"),
        (FoundChannel("x", "temperature", "F"), None),
    ],
)
def test_units(channel: FoundChannel, unit: str | None) -> None:
    """The config has to say what the source does not say itself, where it is not the driver's own."""
    (sensor,) = proposed(channel).sensors.values()
    assert sensor.get("unit") == unit


def test_links() -> None:
    """Names that are free; only what differs from the protocol's defaults; its own keys behind that."""
    proposal = Proposal(taken_links=("board", "board-2"))
    found = Found("sensorline", "it", link={"identity": "X1"})
    proposal.add("/dev/a", found, PortSettings(9600, "even", 2))
    proposal.add("/dev/b", found, USUAL)
    proposal.add("/dev/c", Found("sensorline", "it", (FoundChannel("temp"),), link=None), USUAL)
    assert proposal.links == {
        "board-3": {
            "protocol": "sensorline",
            "port": "/dev/a",
            "baud": 9600,
            "parity": "even",
            "stop_bits": 2,
            "identity": "X1",
        },
        "board-4": {"protocol": "sensorline", "port": "/dev/b", "identity": "X1"},
    }
    assert proposal.sensors == {}


def test_devices_that_need_no_sensors() -> None:
    """As they are found by the gateway itself."""
    proposal = Proposal()
    proposal.add("/dev/a", Found("sensorline", "it", (FoundChannel("temp"),), sensors=False), USUAL)
    assert proposal.sensors == {}
    assert proposal.text() == "links:\n  board:\n    protocol: sensorline\n    port: /dev/a\n"


def test_nothing_found() -> None:
    """No lines."""
    assert Proposal().text() == ""


def test_the_text_is_a_config(tmp_path: Path) -> None:
    """With two ports."""
    proposal = Proposal()
    channels = (FoundChannel("temp", "temperature", "C"), FoundChannel("# 1", "light", "lx"))
    proposal.add("usb:2341:0043:A%201", Found("sensorline", "it", channels), USUAL)
    proposal.add("/dev/b", Found("sensorline", "it", channels), PortSettings(9600))
    path = tmp_path / "config.yaml"
    path.write_text(proposal.text())
    config = load(path)
    assert config.warnings == ()
    assert {name: (sensor.link, sensor.channel) for name, sensor in config.sensors.items()} == {
        "temp": ("board", None),
        " 1": ("board", "# 1"),
        "board-2-temp": ("board-2", "temp"),
        "board-2-# 1": ("board-2", "# 1"),
    }


@pytest.mark.parametrize("link", [None, {"devices": {"device1": {"id": 1, "profile": "xy-md02"}}}])
def test_what_is_to_be_chosen_is_a_comment(link: dict[str, object] | None) -> None:
    """Nothing of it is written; where there is no link yet, the line has all of it."""
    proposal = Proposal()
    choice = Choice({"devices": {"device2": {"id": 2, "profile": "cwt"}}}, "cwt: 22.4 °C, 27.5 %")
    found = Found("modbus", "it", (), link, "bus", choices=(choice,))
    proposal.add("/dev/a", found, PortSettings(4800))
    assert "device2" not in proposal.text()
    before = "" if link else "protocol: modbus, port: /dev/a, baud: 4800, "
    assert proposal.choices == [
        f"#   bus: {{{before}devices: {{device2: {{id: 2, profile: cwt}}}}}}  # cwt: 22.4 °C, 27.5 %"
    ]
