"""For everybody: axe finds nothing serious in light and dark, and no width has to be scrolled sideways."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import serious
from tests.support.page_house import Sensor, many
from tests.support.page_server import PageServer

pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = pytest.mark.once

WIDTHS = (320, 390, 768, 1280, 2560)
VIEWS = ("", "sensor/Greenhouse", "sensor/Freezer", "events", "gateway")


def opened(page: Page, server: PageServer, view: str) -> None:
    """The view is there, with all that it has."""
    page.goto(f"{server.url}#/{view}")
    expect(page.locator("#stream")).to_have_text("live")
    shown = {"": ".tile .spark", "events": "tbody tr", "gateway": ".card"}.get(view, ".legend tbody tr")
    if view == "events":
        server.say("Attic", 20.1, age_s=90)
        server.say("Greenhouse", 25.1, event="hot")
        server.unplug("Roof", "pulled")
    expect(page.locator(shown).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(page: Page, server: PageServer, view: str, scheme: Any) -> None:
    """Contrast, names, roles, order."""
    page.emulate_media(color_scheme=scheme)
    opened(page, server, view)
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_it_is_broken(
    page: Page, server: PageServer, expected_errors: list[str], scheme: Any
) -> None:
    """Grey is still to be read; and the login."""
    expected_errors += ["ERR_", "401"]
    page.emulate_media(color_scheme=scheme)
    opened(page, server, "")
    server.stop()
    expect(page.locator("#broken")).to_be_visible()
    assert [found for found in serious(page) if found[0] != "color-contrast"] == []
    server.token = "word"
    server.start()
    expect(page.get_by_label("Token")).to_be_visible()
    assert serious(page) == []


@pytest.mark.parametrize("view", VIEWS)
def test_no_width_scrolls_sideways(page: Page, server: PageServer, view: str) -> None:
    """From a small phone to a wide desk, with sixty sensors and names that have no space to break at."""
    long = "Feuchtigkeitsfühlerverlängerungskabelanschlussdose" * 3
    server.sensors |= {sensor.name: sensor for sensor in many()}
    server.sensors[long] = Sensor(
        long, link=long, quality="stale", reason=long, thresholds={"hot": 123456.789}
    )
    server.gateway["name"] = long
    server.gateway["links"][long] = {**server.gateway["links"]["board"], "reason": long}
    opened(page, server, view)
    if view == "events":
        server.say(long, 1.5)
        expect(page.locator("tbody tr").first).to_contain_text(long)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


def test_the_theme_is_the_systems_until_it_is_chosen(page: Page, server: PageServer) -> None:
    """And then it stays."""
    theme = "document.documentElement.dataset.theme"
    page.emulate_media(color_scheme="dark")
    opened(page, server, "")
    assert page.evaluate(theme) == "dark"
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(theme) == "dark"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_numbers_and_times_are_the_viewers(browser: Browser, server: PageServer) -> None:
    """In German, with a comma, in Berlin's time."""
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.goto(f"{server.url}#/events")
    expect(page.locator("#stream")).to_have_text("live")
    server.trigger(
        "Attic",
        "#changed",
        {"value": 1234.5, "unit": "lx", "time": "2026-07-22T06:30:00.123Z", "quality": "good"},
    )
    expect(page.locator("tbody tr td").last).to_contain_text("1.234,5")
    expect(page.locator("tbody tr td").last).to_contain_text("22.07.2026, 08:30:00")
    context.close()


def test_the_keyboard_reaches_everything(page: Page, server: PageServer) -> None:
    """The first stop jumps over the head, and a tile opens by Enter."""
    opened(page, server, "")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the sensors")).to_be_focused()
    page.locator(".tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Freezer")
