"""When the connection breaks the page says so and recovers by itself, with what was missed; and the login."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.page_server import PageServer
from tests.support.waiting import until

pytestmark = pytest.mark.once

AGAIN_MS = 10_000
"""The page tries every 4 s at least."""


@pytest.fixture
def expected_errors() -> list[str]:
    """A browser tells of each connection that fails."""
    return [
        "ERR_CONNECTION_REFUSED",
        "ERR_SOCKET_NOT_CONNECTED",
        "ERR_FAILED",
        "ERR_INCOMPLETE_CHUNKED_ENCODING",
        "ERR_CONNECTION_RESET",
        "ERR_EMPTY_RESPONSE",
    ]


def opened(page: Page, server: PageServer, where: str = "") -> None:
    """The page is there, and follows the events."""
    page.goto(f"{server.url}#/{where}")
    expect(page.locator("#stream")).to_have_text("live")


def test_a_restarted_gateway_is_found_again_with_what_was_missed(page: Page, server: PageServer) -> None:
    """It says so meanwhile, and is grey."""
    opened(page, server, "events")
    server.say("Attic", 20.1)
    expect(page.locator("tbody tr")).to_have_count(1)
    server.stop()
    expect(page.locator("#broken")).to_be_visible()
    expect(page.locator("#broken")).to_contain_text("No connection to the gateway")
    expect(page.locator("#stream")).to_have_text("no connection")
    assert "grayscale" in page.locator("main").evaluate("(main) => getComputedStyle(main).filter")
    server.say("Attic", 20.2)
    server.say("Attic", 20.3)
    server.start()
    expect(page.locator("#stream")).to_have_text("live", timeout=AGAIN_MS)
    expect(page.locator("#broken")).to_be_hidden()
    expect(page.locator("tbody tr td:last-child")).to_contain_text(["20.3", "20.2", "20.1"])
    assert page.locator("main").evaluate("(main) => getComputedStyle(main).filter") == "none"


def test_events_that_nobody_has_any_more_are_a_gap(page: Page, server: PageServer) -> None:
    """In the log, in words."""
    opened(page, server, "events")
    server.say("Attic", 20.1)
    expect(page.locator("tbody tr")).to_have_count(1)
    server.stop()
    server.forget_events()
    server.start()
    expect(page.locator("tbody tr").first).to_contain_text(
        "events were missed: the gateway was restarted", timeout=AGAIN_MS
    )


def test_what_changed_meanwhile_is_on_the_tiles(page: Page, server: PageServer) -> None:
    """Also what no event told."""
    opened(page, server)
    server.stop()
    expect(page.locator("#broken")).to_be_visible()
    server.sensors["Attic"].connected = False
    server.sensors["Attic"].reason = "pulled while nobody looked"
    server.start()
    expect(page.locator(".why").filter(has_text="pulled while nobody looked")).to_be_visible(timeout=AGAIN_MS)


def test_a_stream_that_says_nothing_is_broken(page: Page, server: PageServer) -> None:
    """As where a cable was pulled: nobody closes that connection."""
    page.clock.install()
    opened(page, server)
    server.hold_streams(held=True)
    page.clock.fast_forward(16_000)
    expect(page.locator("#broken")).to_be_visible()
    server.hold_streams(held=False)
    page.clock.fast_forward(5_000)
    expect(page.locator("#stream")).to_have_text("live", timeout=AGAIN_MS)


def test_a_page_that_is_closed_leaves_no_stream(page: Page, server: PageServer) -> None:
    """And one that is open has one only, also after breaks."""
    opened(page, server)
    server.break_streams()
    until(lambda: server.streams == 0)
    expect(page.locator("#stream")).to_have_text("live", timeout=AGAIN_MS)
    until(lambda: server.streams == 1)
    page.goto("about:blank")
    until(lambda: server.streams == 0)


def test_a_gateway_that_is_not_there_at_first(page: Page, server: PageServer) -> None:
    """The page was opened, then all broke before its list came: it is there when the gateway is."""
    page.route("**/api/v1/senders", lambda route: route.abort())
    page.route("**/api/v1/events*", lambda route: route.abort())
    page.goto(server.url)
    expect(page.locator("#broken")).to_be_visible()
    page.unroute_all()
    expect(page.locator(".tile")).to_have_count(12, timeout=AGAIN_MS)


def test_the_token_is_asked_for_once(page: Page, server: PageServer, expected_errors: list[str]) -> None:
    """A wrong one is told to be wrong; the right one opens the page, also after a reload."""
    expected_errors.append("401")
    server.token = "word"
    page.goto(server.url)
    expect(page.get_by_label("Token")).to_be_focused()
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert").filter(has_text="that is not the token")).to_be_visible()
    assert page.locator(".tile").count() == 0
    page.get_by_label("Token").fill("word")
    page.keyboard.press("Enter")
    expect(page.locator(".tile")).to_have_count(12)
    page.reload()
    expect(page.locator(".tile")).to_have_count(12)


def test_a_cookie_that_was_revoked_locks_the_page(
    page: Page, server: PageServer, expected_errors: list[str]
) -> None:
    """When it next asks for something."""
    expected_errors.append("401")
    page.clock.install()
    opened(page, server)
    server.token = "word"
    page.clock.fast_forward(6_000)
    expect(page.get_by_label("Token")).to_be_visible()
    expect(page.locator("#stream")).to_have_text("locked")
    until(lambda: server.streams == 0)
