"""The pictures of the dashboard in docs/images: desktop and phone, light and dark, of a made-up house.

`make screenshots`, or `python -m tests.screenshots FOLDER`.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.page_house import house
from tests.support.page_server import PageServer
from tests.support.small_png import small_png

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MOST_BYTES = 150_000
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
VIEWS = {"dashboard": "", "sensor": "sensor/Greenhouse"}


def main(folder: Path) -> None:
    """Write all of them; raises AssertionError for one that is too large for a page of documentation."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        sys.exit("there is no Chromium; on Debian and Raspberry Pi OS: sudo apt install chromium")
    with sync_playwright() as playwright, PageServer(house(time.time())) as server:
        browser = playwright.chromium.launch(executable_path=program)
        for name, view in VIEWS.items():
            for size, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    path = folder / f"{name}-{size}-{scheme}.png"
                    _shoot(browser, f"{server.url}#/{view}", path, (width, height), scheme)
                    path.write_bytes(small_png(path.read_bytes()))
                    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
                    assert path.stat().st_size < MOST_BYTES, path
        browser.close()


def _shoot(browser: Browser, url: str, path: Path, size: tuple[int, int], scheme: Any) -> None:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    page.goto(url)
    expect(page.locator("#stream")).to_have_text("live")
    if "sensor" in url:
        expect(page.locator(".legend tbody tr")).to_have_count(1)
        if size[0] > 1000:
            page.locator("canvas.chart").hover(position={"x": 830, "y": 120})
    else:
        for tile in page.locator(".tile").all():
            tile.scroll_into_view_if_needed()
            expect(tile.locator(".spark .line").first).to_be_attached(timeout=15_000)
        page.evaluate("scrollTo(0, 0)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
