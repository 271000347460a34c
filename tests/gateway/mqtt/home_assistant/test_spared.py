"""Entities of parts that were left out of the config: they stay until the part is mended or removed."""

from pathlib import Path

import pytest

from gateway.config import LeftOut, Problem, load_usable
from gateway.mqtt.home_assistant.announcer import Announcer
from gateway.mqtt.home_assistant.spared import spared
from gateway.mqtt.settings import Settings, from_config
from tests.gateway.mqtt.home_assistant.test_announcer import Memory
from tests.support.fake_clock import FakeClock
from tests.support.home_assistant import HomeAssistant

CONFIG = """\
gateway: {name: house}
links:
  board: {port: /dev/a}
  roof: {port: /dev/b}
sensors:
  temp: {driver: temperature, link: board, cold: 18}
  hum: {driver: humidity, link: board}
  lux: {driver: light, link: roof}
mqtt: {url: mqtt://h, home_assistant: true, discovery: FORM}
"""


class Starts:
    """Gateways, one after the other, with a store and a Home Assistant that stay."""

    def __init__(self, folder: Path, form: str) -> None:
        self.path = folder / "config.yaml"
        self.form = form
        self.store = Memory()
        self.assistant = HomeAssistant(old=form == "entity")
        self.settings: Settings | None = None

    def start(self, text: str) -> set[str]:
        """With this config, until all is said; returns the entities."""
        self.path.write_text(text.replace("FORM", self.form))
        self.settings = settings = from_config(load_usable(self.path), {}, "1")
        clock = FakeClock()

        def publish(topic: str, payload: bytes, acked: object = None) -> None:
            self.assistant.receive(topic, payload)
            if callable(acked):
                acked(True)

        announcer = Announcer(
            self.store,  # type: ignore[arg-type]
            [],
            settings.announcements,
            publish=publish,
            refresh=lambda: None,
            clock=clock.monotonic,
            spared=settings.spared,
        )
        announcer.up()
        while announcer.due != float("inf"):
            clock.advance(max(0.0, announcer.due - clock.monotonic()))
            announcer.run(clock.monotonic())
        assert self.assistant.complaints == []
        return set(self.assistant.registry)


@pytest.fixture(params=["device", "entity"])
def starts(tmp_path: Path, request: pytest.FixtureRequest) -> Starts:
    return Starts(tmp_path, request.param)


def test_a_sensor(starts: Starts) -> None:
    """All its entities stay; those of one that was removed at the same time go."""
    everything = starts.start(CONFIG)
    assert len([entity for entity in everything if "_temp" in entity]) == 3
    assert starts.start(CONFIG.replace("cold: 18", "cold: x")) == everything
    assert starts.settings is not None
    assert starts.settings.sensors == ("hum", "lux", "temp")
    left = starts.start(
        CONFIG.replace("cold: 18", "cold: x").replace("  hum: {driver: humidity, link: board}\n", "")
    )
    assert left == {entity for entity in everything if "_hum" not in entity}


def test_a_link(starts: Starts) -> None:
    """With its own entity, and its sensors'."""
    everything = starts.start(CONFIG)
    assert starts.start(CONFIG.replace("/dev/b", "nowhere")) == everything


def test_what_a_link_found_itself() -> None:
    """Is spared by the link's device, whatever its name; a link that has the name already is not out."""
    out = LeftOut(("links", "radio"), (Problem("c", 3, "bad", ("links", "radio")),))
    is_spared = spared("house", [out, LeftOut(("mqtt",), out.problems)])
    assert is_spared("homeassistant/device/sig_house_radio/config", "sig_house_sensor_radio-12-0")
    assert is_spared("homeassistant/sensor/sig_house_radio/sig_house_sensor_radio-12-0/config", "x")
    assert not is_spared("homeassistant/device/sig_house_board/config", "sig_house_sensor_radio-12-0")
    second = spared("house", [LeftOut(("links", "radio"), out.problems, unread=True)])
    assert not second("homeassistant/device/sig_house_radio/config", "sig_house_sensor_radio-12-0")


def test_what_was_spared_is_removed_later(starts: Starts) -> None:
    """Once it is gone from the config; what is mended is as it was."""
    everything = starts.start(CONFIG)
    starts.start(CONFIG.replace("cold: 18", "cold: x"))
    assert starts.start(CONFIG) == everything
    starts.start(CONFIG.replace("cold: 18", "cold: x"))
    left = starts.start(CONFIG.replace("  temp: {driver: temperature, link: board, cold: 18}\n", ""))
    assert left == {entity for entity in everything if "_temp" not in entity}
