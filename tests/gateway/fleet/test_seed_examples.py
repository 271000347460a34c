"""The seed's examples over a fleet: what is changed is the line that makes the router, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import sig
from gateway.fleet import FleetRouter, Gateway, Settings
from tests.sig.test_seed_examples import (
    CHANNELS_LISTENER,
    CHANNELS_SENSORS,
    REQUESTS,
    REQUESTS_PRINTS,
    ROUTER_BROADCAST,
    ROUTER_BROADCAST_PRINTS,
    SUBSCRIBE_BEFORE_CONNECT,
    SUBSCRIBE_BEFORE_CONNECT_PRINTS,
    run,
)
from tests.support.fleet_routers import routers
from tests.support.waiting import happens, until

SCHOOL = Gateway("school", "roof")
LOCAL = "router = sig.Router()"
NETWORK = (
    "carrier = Carrier()\n"
    "    router = sig.ClientRouter(carrier)\n"
    '    assert carrier.connect("localhost", port)\n'
)


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """Of a fleet of two routers."""
    with routers(2) as made:
        yield made.settings()


def _changed(script: str, before: str, line: str) -> str:
    """The script, with its one place where the router is made as `line`."""
    assert script.count(before) == 1
    return script.replace(before, f"{line}\n")


@pytest.mark.parametrize(
    ("script", "prints"),
    [
        (SUBSCRIBE_BEFORE_CONNECT, SUBSCRIBE_BEFORE_CONNECT_PRINTS),
        (ROUTER_BROADCAST, ROUTER_BROADCAST_PRINTS),
        (REQUESTS, REQUESTS_PRINTS),
    ],
    ids=["subscribe-before-connect", "router-broadcast", "requests"],
)
def test_a_whole_example(
    script: str, prints: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prints what the seed prints; and another program of the fleet hears the same."""
    heard: list[tuple[str, str, Any]] = []
    with FleetRouter(settings) as other:
        other.addListener(lambda info, data: heard.append((info["sender"], info["event"], data)))
        until(lambda: other.gateways() in ({}, {SCHOOL: False}))
        line = "router = FleetRouter(settings, gateway=Gateway('school', 'roof')).connect()"
        names = {"FleetRouter": FleetRouter, "Gateway": Gateway, "settings": settings}
        done = run(_changed(script, LOCAL, line), **names)
        try:
            assert capsys.readouterr().out == prints
            until(lambda: other.request("school/roof/my_sender", "ishot") if "weather" in done else True)
            until(lambda: heard)
        finally:
            done["router"].disconnect()


def test_channels(settings: Settings) -> None:
    """The programs of the channels' example: sensors, and a listener; the fleet is their server."""
    heard: list[tuple[str, str, Any]] = []
    done = threading.Event()

    def note(kind: str) -> Any:
        def listener(info: dict[str, Any], data: Any) -> None:
            heard.append((kind, info["sender"], data))
            if data == "last" and kind == "three":
                done.set()

        return listener

    names = {"FleetRouter": FleetRouter, "Gateway": Gateway, "settings": settings, "sig": sig}
    of_sensors = "router = FleetRouter(settings, gateway=Gateway('school', 'roof')).connect()"
    of_listener = "router = FleetRouter(settings, near=Gateway('school', 'roof')).connect()"
    listeners = {
        "registered_three_times": note("three"),
        "callback": note("channel"),
        "listen_for_connects": note("connect"),
        "cold_of_anybody": note("cold"),
        "changed_of_temp": note("temp"),
    }
    listener = run(_changed(CHANNELS_LISTENER, NETWORK, of_listener), **names, **listeners)
    sensors = run(_changed(CHANNELS_SENSORS, NETWORK, of_sensors), **names)
    try:
        until(lambda: [kind for kind, _, _ in heard].count("connect") >= 2)
        heard.clear()
        sensors["temp"].getSignal("cold").trigger(1)
        sensors["temp"].getSignal("#changed").trigger(2)
        sensors["humidity"].getSignal("#changed").trigger("last")
        happens(done)
    finally:
        for each in (sensors, listener):
            each["router"].disconnect()
    assert [(kind, data) for kind, _, data in heard if kind != "connect"] == [
        ("channel", 2),
        ("channel", 2),
        ("three", 2),
        ("temp", 2),
        ("channel", "last"),
        ("channel", "last"),
        ("three", "last"),
    ]
    assert {sender for _, sender, _ in heard} == {"temp", "humidity"}
