"""Nothing that a sensor, a board or the config says becomes markup, on any view."""

from __future__ import annotations

import urllib.parse

import pytest
from playwright.sync_api import Page, expect

from tests.support.page_house import Gap, Sensor
from tests.support.page_server import PageServer

pytestmark = pytest.mark.once

EVIL = '<img src=x onerror="window.hurt = 1"><script>window.hurt = 1</script>"\'&{{1}}'
NAME = f"{EVIL}/../%2e#?"


@pytest.fixture
def evil(server: PageServer) -> PageServer:
    """Every text is hostile."""
    server.sensors[NAME] = Sensor(
        NAME,
        EVIL,
        EVIL,
        link=EVIL,
        thresholds={EVIL: 1.0},
        quality="stale",
        reason=EVIL,
        warning=EVIL,
        gaps=[Gap(0, None, EVIL)],
    )
    server.gateway["name"] = EVIL
    link = server.gateway["links"]["board"]
    link.update(reason=EVIL, warning=EVIL, port=EVIL, opened=EVIL, state=EVIL, counters={EVIL: 5})
    link["devices"] = [{"name": EVIL, "model": EVIL, "identity": EVIL, "firmware": EVIL, "channels": [EVIL]}]
    server.gateway["links"][EVIL] = link
    server.health["parts"][EVIL] = {"status": "ok", "message": EVIL}
    return server


def test_texts_stay_texts(page: Page, evil: PageServer) -> None:
    """On the tiles, in the chart's words, in the log, in the gateway's view."""
    page.goto(evil.url)
    expect(page.locator("#stream")).to_have_text("live")
    mine = page.locator(".tile").filter(has_text="window.hurt")
    expect(mine.locator("h3")).to_have_text(NAME)
    expect(mine.locator(".why")).to_contain_text(EVIL)
    mine.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(page.locator(".gaps li")).to_contain_text(EVIL)
    assert urllib.parse.quote(NAME, safe="!'()*") in " ".join(evil.asked)
    evil.answers[NAME] = (
        200,
        {
            "status": "ok",
            "response": {"value": 1, "unit": EVIL, "time": "2026-11-22T06:30:00.123Z", "quality": "good"},
        },
    )
    page.get_by_role("button", name="Read now").click()
    expect(page.locator(".answer")).to_contain_text(EVIL)
    page.get_by_role("link", name="Events").click()
    evil.trigger(NAME, EVIL, {"text": EVIL})
    evil.say(NAME, 2.0, quality="suspect", reason=EVIL)
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text(EVIL)
    page.get_by_role("link", name="Gateway").click()
    expect(page.locator(".card .why").first).to_have_text(EVIL)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.evaluate("window.hurt") is None
