"""The bridge as a service, where it cannot even be started."""

import logging
from pathlib import Path

import pytest

import sig
from gateway.app import App
from gateway.bridging import Bridging
from gateway.clock.wall import WallClock
from gateway.config import load
from gateway.feed import Feed
from gateway.mqtt.bridge import Bridge
from tests.support.receipts import Kept
from tests.support.waiting import until


class UnfitError(Exception):
    """One that has no text either."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("error", [ImportError("no module named 'paho'"), UnfitError()])
def test_a_bridge_that_cannot_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The gateway goes on without it, says why, once, and is not well."""

    def fail(_bridge: Bridge) -> None:
        raise error

    monkeypatch.setattr(Bridge, "start", fail)
    path = tmp_path / "config.yaml"
    path.write_text(
        f"gateway: {{data: {tmp_path}/data}}\nrouter: {{listen: 'unix:{tmp_path}/s'}}\n"
        "mqtt: {url: 'mqtt://127.0.0.1:1'}\n"
    )
    app = App(load(path))
    with caplog.at_level(logging.ERROR):
        app.start()
    health = app.health()
    assert app.stop()
    assert health["status"] == "failing"
    part = health["parts"]["mqtt"]
    assert part["status"] == "failing"
    assert part["message"].startswith(f"left out, as it cannot be started: {type(error).__name__}: ")
    assert "database" not in health["parts"]
    assert [record.message for record in caplog.records] == [
        "mqtt: it cannot be started, and is left out; please report this"
    ]


def test_kept_readings_of_one_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reload it has some already: they are to be sent again, and later ones are not its own."""
    monkeypatch.setattr(Bridge, "start", None)
    path = tmp_path / "config.yaml"
    path.write_text(f"gateway: {{data: {tmp_path}/data}}\nmqtt: {{url: 'mqtt://127.0.0.1:1'}}\n")
    router, device = sig.Router(), Kept()
    feed = Feed(router)
    bridging = Bridging(load(path), router, feed, {}, dict, WallClock())
    feed.add(bridging.mailbox)
    signal = router.addSender("temp", ["#changed"]).getSignal("#changed")
    assert signal is not None
    device.say(signal, 1, {"value": 1})
    bridging.start()
    assert device.lost == [1]
    device.say(signal, 2, {"value": 1})
    assert (device.safe, bridging.mailbox.depth) == ([2], 0)


def test_pressure_of_a_board(tmp_path: Path) -> None:
    """The outbox writes, though its window is long and no broker is there; history is not needed for it."""
    path = tmp_path / "config.yaml"
    path.write_text(
        f"gateway: {{data: {tmp_path}/data}}\nrouter: {{listen: 'unix:{tmp_path}/s'}}\n"
        "mqtt: {url: 'mqtt://127.0.0.1:1', loss_window: 60s}\n"
    )
    app, device = App(load(path)), Kept()
    app.start()
    try:
        signal = app.router.addSender("temp", ["#changed"]).getSignal("#changed")
        assert signal is not None
        device.say(signal, 1, {"value": 1})
        app._write_soon()
        until(lambda: device.safe == [1])
    finally:
        assert app.stop()
