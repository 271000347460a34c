"""Sensors that nobody wrote into the config."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers import Link, Sensor
from drivers.source import Channel, Device
from gateway import discovered
from gateway.config.models import SensorSection
from gateway.data_folder import DataFolder
from gateway.discovered import Discovery, Names, discovers
from tests.contract.memory import MemorySource, Thermometer
from tests.support.waiting import until

TEMP = Channel("12/0", "temperature", "C", unannounced=True)
HUM = Channel("12/1", "humidity", "%", unannounced=True)
PRESSURE = Channel("12/4", "pressure", "hPa", unannounced=True)


def device(*channels: Channel, name: str = "12") -> Device:
    return Device("Node", "", "1", 0, {one.name: one for one in channels}, name, any_channel=True)


class Finding:
    """A link with `discover`, and what comes of it; the dispatcher is this test."""

    def __init__(self, folder: Path, configured: Mapping[str, SensorSection] | None = None) -> None:
        self.names = Names(configured or {})
        self.link = Link("radio", source=MemorySource(Thermometer()))
        self.made: list[Sensor] = []
        self.gone: list[Sensor] = []
        self.discovery = Discovery(
            self.link, self.names, DataFolder(folder), made=self.made.append, gone=self.gone.append
        )
        self.discovery.remember()

    def find(self, *channels: Channel) -> list[str]:
        """The names of the sensors that are made when a device says that it has these."""
        before = len(self.made)
        self.discovery.found(device(*channels))
        return [sensor.name for sensor in self.made[before:]]

    def write(self) -> None:
        """As the dispatcher does, a moment after something new."""
        self.discovery._write()


def config(**sections: dict[str, Any]) -> dict[str, SensorSection]:
    return {name: SensorSection(**section) for name, section in sections.items()}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_sensor_of_each_kind(tmp_path: Path) -> None:
    """Called after the link and the channel, with the driver of its kind, once."""
    finding = Finding(tmp_path)
    assert finding.find(TEMP, HUM) == ["radio-12-0", "radio-12-1"]
    assert [(sensor.kind, sensor.channel) for sensor in finding.made] == [
        ("temperature", "12/0"),
        ("humidity", "12/1"),
    ]
    assert finding.find(TEMP, HUM) == []
    assert finding.names.all().keys() == {"radio-12-0", "radio-12-1"}
    further = Channel("12/0/V_HUM", "humidity", "%", unannounced=True)
    assert finding.find(TEMP, further) == ["radio-12-0-V_HUM"]


def test_what_is_not_offered(tmp_path: Path) -> None:
    """A second name, or what may be the work of a damaged line."""
    assert Finding(tmp_path).find(Channel("12/0", "temperature", "C", offered=False)) == []


@pytest.mark.parametrize("channel", ["12/0", "12/0/V_TEMP"])
def test_a_sensor_of_the_config_wins(tmp_path: Path, channel: str) -> None:
    """By the channel's name, or by its longer one; one on another link does not matter."""
    mine = {"driver": "temperature", "link": "radio", "channel": channel}
    other = {"driver": "humidity", "link": "other", "channel": "12/1"}
    finding = Finding(tmp_path, config(attic=mine, cellar=other))
    long = Channel("12/0/V_TEMP", "temperature", "C", unannounced=True, offered=False)
    assert finding.find(TEMP, long, HUM) == ["radio-12-1"]


def test_a_further_kind_of_the_config_is_another_channel(tmp_path: Path) -> None:
    """It does not hide the main one."""
    mine = {"driver": "humidity", "link": "radio", "channel": "12/0/V_HUM"}
    further = Channel("12/0/V_HUM", "humidity", "%", unannounced=True)
    assert Finding(tmp_path, config(attic=mine)).find(TEMP, further) == ["radio-12-0"]


def test_a_name_that_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """By a sensor of the config, or of another link: one warning, that says what to do."""
    taken = {"driver": "humidity", "link": "other", "channel": "x"}
    finding = Finding(tmp_path, config(**{"radio-12-0": taken}))
    assert finding.find(TEMP, HUM) == ["radio-12-1"]
    assert finding.find(TEMP, HUM) == []
    (text,) = warnings(caplog)
    assert text.startswith("radio: channel 12/0 has no sender: another sensor is called radio-12-0; rename")


def test_two_links_share_the_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who comes first has it."""
    first = Finding(tmp_path)
    first.find(TEMP)
    second = Discovery(
        first.link, first.names, DataFolder(tmp_path), made=first.made.append, gone=first.gone.append
    )
    second.found(device(TEMP))
    assert len(first.made) == 1
    assert len(warnings(caplog)) == 1


def test_a_channel_that_measures_something_else_now(tmp_path: Path) -> None:
    """Its sensor goes, another comes."""
    finding = Finding(tmp_path)
    finding.find(TEMP)
    assert finding.find(Channel("12/0", "humidity", "%")) == ["radio-12-0"]
    assert finding.gone == finding.made[:1]
    assert finding.made[1].kind == "humidity"
    assert finding.names.all()["radio-12-0"].driver == "humidity"


def test_so_many_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One warning, whatever comes."""
    monkeypatch.setattr(discovered, "MAX_SENSORS", 3)
    finding = Finding(tmp_path)
    for number in range(10):
        finding.find(Channel(f"12/{number}", "temperature", "C"))
    assert len(finding.made) == 3
    (text,) = warnings(caplog)
    assert text.startswith("radio: channel 12/3 has no sender: 3 are there, and no more are made")
    assert finding.find(Channel("12/0", "humidity", "%")) == ["radio-12-0"]


def test_what_was_found_is_there_at_the_next_start(tmp_path: Path) -> None:
    """Before its node says a word, unless the config has it by now."""
    finding = Finding(tmp_path)
    finding.find(TEMP, HUM)
    finding.write()
    finding.find(TEMP, HUM)
    assert not finding.discovery._writing
    text = (tmp_path / "radio.discovered.json").read_text()
    assert json.loads(text)["sensors"]["12/0"] == {"kind": "temperature", "unit": "C"}
    assert [sensor.name for sensor in Finding(tmp_path).made] == ["radio-12-0", "radio-12-1"]
    mine = {"driver": "humidity", "link": "radio", "channel": "12/1"}
    again = Finding(tmp_path, config(attic=mine))
    assert [sensor.name for sensor in again.made] == ["radio-12-0"]
    assert again.find(TEMP, HUM) == []


@pytest.mark.parametrize("data", ['{"version": 1, "sensors": {"12/0": 5}}', '{"version": 1}', "x"])
def test_a_file_that_is_not_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture, data: str) -> None:
    """Is set aside, with a warning."""
    (tmp_path / "radio.discovered.json").write_text(data)
    assert Finding(tmp_path).made == []
    (text,) = warnings(caplog)
    assert "Which senders the link radio has found is forgotten" in text


def test_it_is_written_a_moment_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the dispatcher, once for all that came meanwhile."""
    monkeypatch.setattr(discovered, "WRITE_S", 1.5)
    finding = Finding(tmp_path)
    with finding.link:
        finding.find(TEMP)
        finding.find(HUM)
        until((tmp_path / "radio.discovered.json").exists)
    assert json.loads((tmp_path / "radio.discovered.json").read_text())["sensors"].keys() >= {"12/0", "12/1"}


def test_a_link_that_is_watched(tmp_path: Path) -> None:
    """From the source's word to the sender's value, with the next measurement."""
    router, names = sig.Router(), Names({})
    thermometer = Thermometer()
    link = Link("board", source=MemorySource(thermometer))
    Discovery(
        link, names, DataFolder(tmp_path), made=lambda sensor: sensor.attach(router), gone=Sensor.detach
    ).remember()

    def value() -> object:
        thermometer.measure()
        found = [sender for sender in router.listSenders() if sender.isConnected()]
        return found and router.request("board-temp", "last")

    with link:
        until(value)
    assert names.get("board-temp") is not None
    assert "board-temp" in names
    assert "other" not in names


def test_which_links_discover() -> None:
    """Those that say so."""
    assert discovers({"discover": True})
    assert not discovers({"discover": False})
    assert not discovers({})


class Changing(Finding):
    """One whose config changes while its device is there. `dropped`: who went because of that."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *channels: Channel) -> None:
        super().__init__(folder)
        self.dropped: list[str] = []
        self.discovery._dropped = lambda sensor: self.dropped.append(sensor.name)
        status = self.link.status()
        there = replace(status, devices={"12": device(*channels)})
        monkeypatch.setattr(self.link, "status", lambda: there)
        self.find(*channels)

    def change(self, **sections: dict[str, Any]) -> None:
        self.names.use(config(**sections), ())
        self.discovery.give_way()
        self.discovery.look_again()


def test_the_config_takes_a_channel_and_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was discovered there gives way, by the channel's longer name too, and comes back."""
    long = Channel("12/0/V_TEMP", "temperature", "C", unannounced=True, offered=False)
    finding = Changing(tmp_path, monkeypatch, TEMP, long, HUM)
    assert finding.names.all_names() == {"radio-12-0", "radio-12-1"}
    finding.change(mine={"driver": "temperature", "link": "radio", "channel": "12/0/V_TEMP"})
    assert finding.dropped == ["radio-12-0"]
    assert finding.names.all_names() == {"mine", "radio-12-1"}
    finding.change(other={"driver": "temperature", "link": "elsewhere", "channel": "12/0"})
    assert finding.names.all_names() == {"other", "radio-12-0", "radio-12-1"}
    assert [sensor.name for sensor in finding.made] == ["radio-12-0", "radio-12-1", "radio-12-0"]


def test_the_config_takes_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is for."""
    finding = Changing(tmp_path, monkeypatch, TEMP, HUM)
    finding.change(**{"radio-12-1": {"driver": "light", "link": "elsewhere"}})
    assert finding.dropped == ["radio-12-1"]
    assert set(finding.names.discovered()) == {"radio-12-0"}


def test_the_end_of_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its sensors go, none comes any more, and what is remembered stays as it was."""
    finding = Changing(tmp_path, monkeypatch, TEMP, HUM)
    finding.write()
    noted = (tmp_path / "radio.discovered.json").read_text()
    finding.discovery.end()
    assert sorted(finding.dropped) == ["radio-12-0", "radio-12-1"]
    assert finding.names.all_names() == set()
    assert finding.find(PRESSURE) == []
    finding.write()
    assert (tmp_path / "radio.discovered.json").read_text() == noted
