"""The log of events: as they happen, with filters, and what came late."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.page_server import PageServer

pytestmark = pytest.mark.once


@pytest.fixture
def rows(page: Page, server: PageServer) -> Locator:
    """Five events have come, the newest first."""
    page.goto(f"{server.url}#/events")
    expect(page.locator("#stream")).to_have_text("live")
    expect(page.locator(".summary")).to_have_text("Nothing has happened yet")
    expect(page.locator("table")).to_be_hidden()
    server.say("Living room", 21.5)
    server.say("Attic", 20.25, age_s=95)
    server.say("Greenhouse", 24.5, event="hot")
    server.unplug("Well level", "pulled")
    server.say("Cellar", 12.5, age_s=4000, event="#stale", quality="stale", reason="no reading for 20 min")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(5)
    return rows


def test_each_event_has_its_time_sensor_and_value(rows: Locator, page: Page) -> None:
    """An old value has the time of its measurement, too."""
    expect(rows.locator(".event")).to_have_text(["stale", "disconnect", "hot", "changed", "changed"])
    for index in range(5):
        expect(rows.nth(index).locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(rows.nth(0)).to_contain_text(
        re.compile(r"12\.5\s°C, stale: no reading for 20 min, measured .*\d\d:\d\d:\d\d")
    )
    expect(rows.nth(3).locator("td").last).to_contain_text("20.25")
    expect(rows.nth(4).locator("td").last).to_have_text(re.compile(r"^21\.5\s°C$"))
    expect(page.locator(".summary")).to_have_text("5 events")


def test_what_came_late_is_marked_and_can_be_filtered(rows: Locator, page: Page) -> None:
    """By how much; that an old value is stale is no late news."""
    expect(rows.locator(".badge")).to_have_text(["2 min late"])
    page.get_by_label("late only").check()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Attic")
    expect(page.locator(".summary")).to_have_text("1 of 5 events")


def test_filters_by_sensor_event_and_text(rows: Locator, page: Page, server: PageServer) -> None:
    """They hold while more comes."""
    page.get_by_label("Event", exact=True).select_option("hot")
    expect(rows).to_have_count(1)
    page.get_by_label("Event", exact=True).select_option("All events")
    page.get_by_label("Sensor", exact=True).select_option("Attic")
    expect(rows).to_have_count(1)
    server.say("Attic", 1.5)
    server.say("Roof", 2.5)
    expect(rows).to_have_count(2)
    page.get_by_label("Sensor", exact=True).select_option("All sensors")
    expect(rows).to_have_count(7)
    page.get_by_label("Search events").fill("NO READING")
    expect(rows).to_have_count(1)


def test_a_pause_holds_the_log(rows: Locator, page: Page, server: PageServer) -> None:
    """And nothing is lost by it."""
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".summary")).to_contain_text("paused")
    server.say("Attic", 1.5)
    page.get_by_label("Search events").fill("1.5")
    page.get_by_label("Search events").fill("")
    expect(rows).to_have_count(5)
    page.get_by_role("button", name="Pause").click()
    expect(rows).to_have_count(6)


def test_a_name_leads_to_the_sensor(rows: Locator, page: Page) -> None:
    """Whatever it is called."""
    rows.nth(4).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Living room")


def test_what_happened_before_the_page_was_opened(page: Page, server: PageServer) -> None:
    """Is in the log, is not late for that, and changes nothing of what is known of the sensors."""
    server.unplug("Well level", "pulled")
    server.plug("Well level")
    server.say("Attic", 20.25)
    server.say("Attic", 19.5, age_s=95)
    asked = len(server.asked)
    page.goto(f"{server.url}#/events")
    rows = page.locator("tbody tr")
    expect(rows.locator(".event")).to_have_text(["changed", "changed", "connect", "disconnect"])
    expect(rows.locator(".badge")).to_have_text(["2 min late"])
    server.say("Attic", 21.5)
    expect(rows).to_have_count(5)
    lists = [path for path in server.asked[asked:] if path == "/api/v1/senders"]
    assert len(lists) <= 2
