"""The gateway's own view: parts, links, devices, counters, MQTT and its outbox, in words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.page_house import health
from tests.support.page_server import PageServer

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def opened(page: Page, server: PageServer) -> None:
    """At its view."""
    page.clock.install()
    page.goto(f"{server.url}#/gateway")
    expect(page.locator("h2").first).to_have_text("All data flows")


def part(page: Page, name: str) -> Locator:
    """One of the gateway."""
    return page.locator(".parts > li").filter(has=page.get_by_text(name, exact=True))


def test_who_it_is_and_of_when_that_is(page: Page) -> None:
    """Its age goes on."""
    expect(page.locator(".summary")).to_have_text("greenhouse, version 0.1.0, running for 25 h 50 min")
    expect(page.locator(".asked")).to_have_text(re.compile(r"^as of \d\d:\d\d:\d\d, \d s ago$"))
    expect(page).to_have_title("greenhouse · sig-gateway")


def test_mqtt_and_its_outbox(page: Page, server: PageServer, expected_errors: list[str]) -> None:
    """Connected, and what waits while it is not; with the sentence of what is wrong."""
    expected_errors.append("503")
    expect(part(page, "MQTT")).to_contain_text("connected to homeassistant.local:8883")
    expect(part(page, "MQTT")).to_contain_text("outbox: 0 events waiting, 0 lost since the start")
    server.health = health()
    server.health["parts"]["mqtt"] = {
        **server.health["parts"]["mqtt"],
        "status": "failing",
        "message": "refused",
        "waiting": 1,
        "lost": 2,
    }
    page.clock.fast_forward(6_000)
    expect(part(page, "MQTT")).to_contain_text("refused")
    expect(part(page, "MQTT")).to_contain_text("outbox: 1 event waiting, 2 lost since the start")
    expect(page.locator("h2").first).to_have_text("Some data does not flow")
    first = page.locator(".parts > li").first
    expect(first).to_have_attribute("data-status", "failing")
    page.get_by_role("link", name="Sensors", exact=True).click()
    expect(page.locator(".chip").filter(has_text="MQTT")).to_have_text("MQTT not connected, 1 event waiting")


def test_the_history(page: Page, server: PageServer) -> None:
    """Until when it is written is said as the viewer says times; what waits for that is no outbox."""
    written = {"written_until": "2026-11-22T06:30:00.123Z", "waiting": 74, "lost": 0}
    server.health["parts"]["history"] |= {"message": "written until 2026-11-22T06:30:00.123Z", **written}
    page.clock.fast_forward(6_000)
    expect(part(page, "history")).to_contain_text("written until 22 Nov 2026, 07:30:00")
    expect(part(page, "history")).to_contain_text("in memory: 74 events waiting, 0 lost since the start")


def test_links_devices_and_counters(page: Page) -> None:
    """What counts nothing is not shown."""
    board = page.locator(".card").filter(has_text="/dev/ttyACM0")
    expect(board.locator(".badge")).to_have_text("up")
    expect(board).to_contain_text("occupancy-sim · SIM0388F1D2 · firmware 1.0.0 · channels temp, hum, lux")
    expect(board.locator("dt")).to_have_text(["lines", "damaged", "repeated"])
    expect(board.locator("dd")).to_have_text(["41,223", "2", "1"])
    garage = page.locator(".card").filter(has_text="garage")
    expect(garage.locator(".badge")).to_have_text("not there")
    expect(garage.locator(".why")).to_have_text("/dev/ttyUSB1 is not there: is the board plugged in?")
    expect(page.locator(".card").filter(has_text="radio").locator(".why")).to_contain_text(
        "another device than before"
    )


def test_what_is_wrong_with_several_sensors_of_a_device(page: Page, server: PageServer) -> None:
    """Each in words."""
    both = {
        "t": {"status": "failing", "message": "no answer"},
        "rh": {"status": "ok", "message": "45 %, 1 s ago"},
    }
    server.health["parts"]["devices.rs485/meter"] = {
        "status": "failing",
        "message": "t: no answer",
        "sensors": both,
    }
    page.clock.fast_forward(6_000)
    expect(part(page, "sensors on rs485/meter").locator(".sensors li")).to_have_text(
        ["t no answer", "rh 45 %, 1 s ago"]
    )
