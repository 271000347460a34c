"""A real Chromium, Debian's, for tests of the page: what it says of errors is not overheard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VIOLATIONS = (
    "addEventListener('securitypolicyviolation', (it) => console.error('CSP: ' + it.violatedDirective))"
)
SERIOUS = ("serious", "critical")


@contextmanager
def chromium() -> Iterator[Browser]:
    """For the length of a with block; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright has no build for this machine")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium; on Debian and Raspberry Pi OS: sudo apt install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Who has never seen the page."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin"
    )
    context.add_init_script(VIOLATIONS)
    yield context
    context.close()


@contextmanager
def overheard(context: BrowserContext, expected_errors: list[str]) -> Iterator[Page]:
    """A tab. Afterwards nothing must have been said on its console, no exception been left, and the content
    security policy not been broken, but for what has one of these texts in it."""
    playwright = pytest.importorskip("playwright.sync_api")
    # where a test has no bound of its own: other tests run beside it
    playwright.expect.set_options(timeout=20_000)
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


def serious(page: Page) -> list[Any]:
    """What axe finds, of that weight."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    violations = axe.Axe().run(page).response["violations"]
    return [
        (each["id"], [node["html"] for node in each["nodes"]])
        for each in violations
        if each["impact"] in SERIOUS
    ]
