"""A real Chromium with the page in it, served by tests/support/page_server.py.

After each test nothing must have been said on the browser's console, no exception been left, and the content
security policy not been broken.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browsing import chromium, overheard, visitor
from tests.support.page_house import health, house
from tests.support.page_server import PageServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: Playwright has the event loop of the thread for as long as it lives."""
    with chromium() as browser:
        yield browser


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
    with visitor(browser) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, server: PageServer, expected_errors: list[str]) -> Iterator[Page]:
    """A tab of it, which is closed before the server is."""
    with overheard(context, expected_errors) as page:
        yield page
