"""A real Chromium with the page in it, served by tests/support/page_server.py.

After each test nothing must have been said on the browser's console, no exception been left, and the content
security policy not been broken.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.page_house import health, house
from tests.support.page_server import PageServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VIOLATIONS = (
    "addEventListener('securitypolicyviolation', (it) => console.error('CSP: ' + it.violatedDirective))"
)


def chromium() -> str | None:
    """Debian's, or what is called so elsewhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: Playwright has the event loop of the thread for as long as it lives."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright has no build for this machine")
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium; on Debian and Raspberry Pi OS: sudo apt install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[PageServer]:
    """A house where the gateway itself is well."""
    with PageServer(house(time.time())) as server:
        parts = {name: part for name, part in health()["parts"].items() if part["status"] == "ok"}
        server.health = {"status": "ok", "parts": parts}
        yield server


@pytest.fixture
def expected_errors() -> list[str]:
    """What may be said on the console, by a part of it: a test that breaks something puts it in."""
    return []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has never seen the page."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin"
    )
    context.add_init_script(VIOLATIONS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: PageServer, expected_errors: list[str]) -> Iterator[Page]:
    """A tab of it, which is closed before the server is."""
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(
        timeout=20_000
    )  # where a test has no bound of its own: other tests run beside it
    page = context.new_page()
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: said.append(f"{error}"))
    yield page
    page.close()
    left = [text for text in said if not any(part in text for part in expected_errors)]
    assert not left, left
