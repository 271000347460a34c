"""Configs that change at random under load: a simulated board on a real pty, a real Mosquitto."""

import json
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.source import Device, Measurement, Missing
from gateway.app import App
from gateway.config import load
from gateway.reload.plan import Fate
from gateway.senders import OWN_NAME
from tests.support.leaks import nothing_left
from tests.support.mosquitto import Mosquitto, Subscriber
from tests.support.ports import free_port
from tests.support.random_configs import STEADY, RandomConfigs
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(bool(Mosquitto.missing()), reason=Mosquitto.missing())


class Line:
    """What comes on the line for a channel; a board that is read too late, as this machine has a lot else to
    do, has no room for all that it measures. The same value as before is left out: soon after it, as where
    the board itself was late, it is not published."""

    interval_ms = None

    def __init__(self, channel: str, came: list[int]) -> None:
        self.channel = channel
        self._came = came
        self._value: float | None = None

    def heard(self, measurement: Measurement) -> None:
        """See `Sink`."""
        if measurement.value != self._value:
            self._value = measurement.value
            self._came.append(measurement.seq)

    def missed(self) -> None:
        """See `Sink`."""

    def accept(self, _measurement: Measurement) -> None:
        """See `Sink`."""

    def missing(self, _missing: Missing) -> None:
        """See `Sink`."""

    def link_up(self, _device: Device, _warning: str | None) -> None:
        """See `Sink`."""

    def link_down(self, _reason: str) -> None:
        """See `Sink`."""


class Seqs:
    """The numbers of the steady board's readings that came over MQTT."""

    def __init__(self, heard: Subscriber) -> None:
        self._heard = heard
        self._read = 0
        self.all: set[int] = set()

    @property
    def newest(self) -> int:
        """The highest by now."""
        for message in self._heard.messages[self._read :]:
            self._read += 1
            if message.topic.split("/")[2] in STEADY:
                self.all.add(json.loads(message.payload)["seq"])
        return max(self.all, default=0)


def is_settled(app: App) -> bool:
    """Whether all are connected, and nothing is just being imported, which cannot be stopped in a second on a
    busy machine."""
    known = all(part["status"] != "unknown" for part in app.health()["parts"].values())
    return known and all(sender.isConnected() for sender in app.router.listSenders())


def what_is_there(app: App) -> dict[str, Any]:
    """That a refusal must not change."""
    parts = app.health()["parts"]
    info = app.router.request(OWN_NAME, "info")
    return {
        "config": app.config,
        "senders": [(each.getName(), each.isConnected()) for each in app.router.listSenders()],
        "options": {name: sensor.info()["options"] for name, sensor in app.sensors.items()},
        "parts": set(parts),
        "links": {name: link["counters"].get("restarts") for name, link in info["links"].items()},
        "services": [id(service) for service in app.services()],
    }


@pytest.mark.parametrize(
    ("seed", "changes"),
    [(1, 12), pytest.param(2, 100, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
)
def test_sensors_that_did_not_change_miss_nothing(tmp_path: Path, seed: int, changes: int) -> None:
    """Each reading of theirs comes to MQTT, whatever else changes; a config that is refused does nothing."""
    with Mosquitto(tmp_path) as broker, nothing_left():
        configs = RandomConfigs(tmp_path, seed, broker.port, (free_port(), free_port()))
        with Subscriber(broker.port, "sig/test/+/event/changed") as heard:
            app = App(load(configs.path))
            app.start()
            came: list[int] = []
            for name in STEADY:
                app.links["steady"].add(Line(name, came))
            try:
                seqs = Seqs(heard)
                until(lambda: seqs.newest > 50, what="readings flow")
                for number in range(changes):
                    if number % 4 == 3:
                        until(lambda: is_settled(app), what="all is there")
                        before = what_is_there(app)
                        configs.wrong()
                        with pytest.raises(sig.RequestError, match=r"config.yaml:\d+: "):
                            app.router.request(OWN_NAME, "reload")
                        assert what_is_there(app) == before
                        continue
                    configs.change()
                    report = app.router.request(OWN_NAME, "reload")
                    assert not any(part["result"] == Fate.FAILED for part in report["parts"]), report
                    kept = {part["part"] for part in report["parts"] if part["result"] == Fate.KEPT}
                    assert {f"sensors.{name}" for name in STEADY} <= kept
                    some = seqs.newest + 20
                    until(lambda some=some: seqs.newest > some, what="readings flow on")  # type: ignore[misc]
                until(lambda: is_settled(app), what="all has begun that was added")
                wanted = set(came)

                def missing() -> set[int]:
                    assert seqs.newest
                    return wanted - seqs.all

                # What waited while there was no connection comes late, behind what is new.
                until(lambda: not missing(), what=f"{len(came)} readings")
            finally:
                app.stop()  # in time or not: this machine may have a lot else to do
