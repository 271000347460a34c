"""The links and sensors of a config as one service: what is made, what is left out, how it fares."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.clock import SYSTEM_CLOCK
from drivers.dispatcher import Dispatcher
from gateway.config import LinkSection, load_usable
from gateway.data_folder import DataFolder
from gateway.links import Links, patience_s
from gateway.service import Part
from tests.support.leaks import nothing_left
from tests.support.modbus_slaves import FakeBus, FakeSlave
from tests.support.plugin import installed
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until


@contextmanager
def running(folder: Path, text: str) -> Iterator[Links]:
    """The links of a config, with a dispatcher and a router, until the end."""
    path = folder / "config.yaml"
    path.write_text(text)
    (folder / "data").mkdir()
    with nothing_left(), Dispatcher() as dispatcher:
        links = Links(load_usable(path), dispatcher, DataFolder(folder / "data"), SYSTEM_CLOCK)
        links.attach(sig.Router())
        links.start()
        try:
            yield links
        finally:
            assert links.stop(10.0)


def states(parts: dict[str, Part]) -> dict[str, str]:
    return {name: str(part.state) for name, part in parts.items()}


def test_a_board(tmp_path: Path) -> None:
    """One device, with all its sensors; what it does not have is red, and so is the device then."""
    with (
        ScriptedBoard(tmp_path / "board") as board,
        running(
            tmp_path,
            f"links: {{b: {{port: {board.link}}}}}\n"
            "sensors:\n  temp: {driver: temperature, link: b}\n  humm: {driver: humidity, link: b}\n",
        ) as links,
    ):
        until(lambda: states(links.status()) == {"links.b": "ok", "devices.b": "failing"})
        until(lambda: links.status()["devices.b"].facts["sensors"]["temp"]["status"] == "ok")
        device = links.status()["devices.b"]
        assert device.message.startswith("humm: ")
        assert links.why_down("humm") == f"link b: {links.sensors['humm'].problem}"
        assert links.why_down("else") is None


MODBUS = """\
links:
  bus:
    {{protocol: modbus, port: {port}, every: 50ms, timeout: 300ms,
      devices: {{roof: {roof}, cellar: {cellar}}}}}
sensors:
  roof: {{driver: temperature, link: bus, channel: roof/temperature}}
  cellar: {{driver: temperature, link: bus, channel: cellar/temperature}}
"""
REGISTERS = "registers: {temperature: {function: 4, address: 1, type: s16, scale: 0.1, unit: C}}"


def test_a_bus_with_a_dead_slave(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each slave is a device; one that is asked and has not answered by now is red, the others are well."""
    roof, cellar = f"{{id: 1, {REGISTERS}}}", f"{{id: 2, {REGISTERS}}}"
    slaves = {1: FakeSlave({1: 215}), 2: FakeSlave({1: 80}, silent=True)}
    with (
        FakeBus(tmp_path / "bus", slaves) as bus,
        running(tmp_path, MODBUS.format(port=bus.link, roof=roof, cellar=cellar)) as links,
    ):
        until(lambda: states(links.status()).get("devices.bus/roof") == "ok")
        until(lambda: states(links.status())["devices.bus/cellar"] == "failing")
        wanted = {"links.bus": "ok", "devices.bus/roof": "ok", "devices.bus/cellar": "failing"}
        until(lambda: states(links.status()) == wanted)
        why = "cellar (id 2) does not answer"
        until(lambda: why in links.status()["devices.bus/cellar"].message)
        assert why in str(links.why_down("cellar"))
        assert sum(why in record.getMessage() for record in caplog.records) == 1
        slaves[2].silent = False
        until(lambda: states(links.status())["devices.bus/cellar"] == "ok")


def test_a_node_that_was_not_heard_yet(tmp_path: Path) -> None:
    """It may sleep for an hour: nobody knows how it is."""
    text = "links: {radio: {protocol: mysensors, port: %s}}\n" % (tmp_path / "radio")
    text += "sensors: {t: {driver: temperature, link: radio, channel: 12/0}}\n"
    with FakeBus(tmp_path / "radio", {}) as port, running(tmp_path, text) as links:
        until(lambda: links.links["radio"].status().state == "greeting")
        port.say(b"0;255;3;0;2;2.3.2\n0;255;3;0;14;Gateway startup complete.\n")
        until(lambda: states(links.status())["links.radio"] == "ok")
        part = links.status()["devices.radio/12"]
        assert (str(part.state), part.message) == (
            "unknown",
            "t: not heard since the start: 12 is not there; there are 0",
        )


FAILING = """
from drivers import TemperatureSensor


class Kind:
    options = {}
    sets_intervals = tells_identity = True
    check = staticmethod(lambda parsed: None)
    warnings = staticmethod(lambda parsed: ())
    channels = staticmethod(lambda parsed: None)
    source = staticmethod(lambda parsed: {}["oops"])


class Dud(TemperatureSensor):
    kind = "dud"

    @classmethod
    def quantity(cls, parsed):
        raise RuntimeError("no such chip")


kind = Kind()
"""


def test_what_fails_when_it_is_made_is_left_out(tmp_path: Path) -> None:
    """A protocol of somebody else's with the sensors on its link, a driver with its own; the rest is made."""
    text = """\
links:
  bad: {protocol: failing}
  good: {port: /nonexistent}
sensors:
  on_bad: {driver: temperature, link: bad}
  dud: {driver: dud, link: good}
  good: {driver: temperature, link: good}
"""
    entries = {
        "sig_gateway.protocols": "failing = made_badly:kind",
        "sig_gateway.drivers": "dud = made_badly:Dud",
    }
    with installed(tmp_path, "made_badly", FAILING, entries), running(tmp_path, text) as links:
        assert ([*links.links], [*links.sensors]) == (["good"], ["good"])
        assert ([*links.config.links], [*links.config.sensors]) == (["good"], ["good"])
        path = tmp_path / "config.yaml"
        assert [(out.name, out.reason) for out in links.config.left_out] == [
            (
                "links.bad",
                f"left out: {path}:2: links.bad: protocol 'failing' fails with KeyError: 'oops'; "
                "ask those who made it",
            ),
            (
                "sensors.on_bad",
                f"left out: {path}:5: sensors.on_bad.link: its link 'bad' is left out, see line 2; mend that",
            ),
            (
                "sensors.dud",
                f"left out: {path}:6: sensors.dud: driver 'dud' fails with RuntimeError: no such chip; "
                "ask those who made it",
            ),
        ]
        assert states(links.status()).keys() == {"links.good", "devices.good"}
        assert "no such chip" in str(links.why_down("dud"))
        assert "dud" in links.names
        assert not links.names.take("dud", links.config.sensors["good"], None)


def test_names_of_what_was_left_out_stay_free(tmp_path: Path) -> None:
    """Their senders are listed, not connected, and nobody else's."""
    text = "links: {b: {port: /nonexistent}}\nsensors: {t: {driver: light, link: b, delta: lots}}\n"
    (tmp_path / "config.yaml").write_text(text)
    config, folder = load_usable(tmp_path / "config.yaml"), DataFolder(tmp_path / "data")
    links = Links(config, Dispatcher(), folder, SYSTEM_CLOCK)
    router = sig.Router()
    links.attach(router)
    assert [(sender.getName(), sender.isConnected()) for sender in router.listSenders()] == [("t", False)]
    assert "t" in links.names
    assert links.names.all() == {}


def test_a_secret_port(tmp_path: Path) -> None:
    """Is not told."""
    (tmp_path / "port").write_text("/nonexistent/SECRET")
    text = "links: {b: {port: !file port}}\nsensors: {t: {driver: light, link: b}}\n"
    with running(tmp_path, text) as links:
        until(lambda: states(links.status())["links.b"] == "failing")
        assert "SECRET" not in str(links.status())


@pytest.mark.parametrize(
    ("link", "seconds"),
    [
        ({"protocol": "modbus", "port": "/dev/x", "every": "2s"}, 7.0),
        ({"protocol": "sysfs"}, 31.0),
        ({"protocol": "mysensors", "port": "/dev/x"}, 3600.0),
    ],
)
def test_how_long_a_device_may_be_unseen(link: dict[str, Any], seconds: float) -> None:
    """Three polls and a second where it is asked; else an hour, for it may sleep."""
    assert patience_s(LinkSection(**link)) == seconds
