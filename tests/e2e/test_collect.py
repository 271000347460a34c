"""`sig-gateway collect`: simulated gateways on two real routers, and what is kept of them, whatever fails."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from gateway.collect.app import CollectApp
from gateway.config.collecting import load_collect
from tests.e2e.conftest import Process
from tests.support.collected import Simulated, events, kept, simulated
from tests.support.fleet_routers import Routers, routers
from tests.support.ports import free_port
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.postgres import Postgres

pytest.importorskip("zenoh", reason="zenoh has no build for this machine")
pytestmark = pytest.mark.once

GATEWAYS = (("north", "greenhouse"), ("north", "shed"), ("south", "green house"))


@pytest.fixture(scope="module")
def fleet() -> Iterator[Routers]:
    """Two routers, of which no test leaves one dead or hung."""
    with routers(2) as made:
        yield made


@pytest.fixture
def gateways(fleet: Routers) -> Iterator[list[Simulated]]:
    """Three."""
    with simulated(fleet, *GATEWAYS) as made:
        yield made


def written(folder: Path, fleet: Routers, more: str = "", collect: str = "data: ./data") -> Path:
    """A collector's config."""
    path = folder / "collect.yaml"
    path.write_text(f"collect: {{{collect}}}\nfleet: {{routers: {json.dumps(fleet.urls)}}}\n{more}")
    return path


@contextmanager
def collector(config: Path) -> Iterator[CollectApp]:
    """In this process, for the length of a with block."""
    app = CollectApp(load_collect(config))
    app.start()
    try:
        yield app
    finally:
        app.stop()


def all_safe(gateways: list[Simulated], data: Path | None = None) -> None:
    """Wait until the gateways know that all is safe; and look whether each reading is there, once."""
    until(lambda: all(each.safe for each in gateways), what="all is confirmed")
    if data is not None:
        assert {each.sender: kept(data, each.sender) for each in gateways} == {
            each.sender: each.said for each in gateways
        }


def say(gateways: list[Simulated], count: int) -> None:
    """So many readings of each."""
    for _ in range(count):
        for each in gateways:
            each.say(len(each.said))
        time.sleep(0.002)  # as two of one millisecond would be told apart by their numbers alone


def test_a_killed_collector_has_each_event_once(
    fleet: Routers, gateways: list[Simulated], tmp_path: Path
) -> None:
    """Killed amid events, and started again: each is there once, in order, and the gateways know it."""
    config, data = written(tmp_path, fleet), tmp_path / "data"
    first = Process(["collect", "-c", str(config)], tmp_path)
    try:
        say(gateways, 50)
        until(lambda: any(each.spool.confirmed.seq for each in gateways), what="something is confirmed")
        say(gateways, 50)
    finally:
        first.popen.kill()
        first.popen.communicate()
    say(gateways, 50)
    second = Process(["collect", "-c", str(config)], tmp_path)
    try:
        say(gateways, 50)
        all_safe(gateways, data)
        second.popen.send_signal(signal.SIGTERM)
        assert second.popen.wait(60.0) == 0, second.errors
    finally:
        second.popen.kill()
        second.popen.communicate()
    assert "stopped" in second.errors


def test_all_routers_may_be_away(fleet: Routers, tmp_path: Path) -> None:
    """What is said meanwhile comes when they are back, and what it was at its time."""
    with routers(2) as own, simulated(own, *GATEWAYS) as gateways, collector(written(tmp_path, own)) as app:
        say(gateways, 20)
        all_safe(gateways, tmp_path / "data")
        own.kill(0)
        own.kill(1)
        say(gateways, 40)
        until(lambda: app.health()["parts"]["fleet"]["status"] == "failing")
        own.start(0)
        own.start(1)
        say(gateways, 5)
        all_safe(gateways, tmp_path / "data")


def test_a_loss_is_a_gap_with_its_size(fleet: Routers, tmp_path: Path) -> None:
    """Of what a gateway could not keep, it is told how much it was."""
    small = Simulated(fleet, "north", "small", most=10)
    try:
        for number in range(30):
            small.say(number)
        with collector(written(tmp_path, fleet)) as app:
            all_safe([small])
            assert kept(tmp_path / "data", small.sender) == small.said[-10:]
            (gap,) = [data for _, event, data in events(tmp_path / "data", "north") if event == "#gap"]
            assert gap["count"] == 20
            (member,) = [each for each in app.health()["parts"].items() if each[0] == "site.north"]
            assert member[1]["lost"] == 20
    finally:
        small.close()


def test_a_file_that_cannot_be_written_loses_nothing(
    fleet: Routers, gateways: list[Simulated], tmp_path: Path
) -> None:
    """Nothing is confirmed while a site's folder is no folder; the other sites go on; then all is there."""
    data = tmp_path / "data"
    data.mkdir(0o700)
    (data / "north").write_text("in the way")
    with collector(written(tmp_path, fleet)) as app:
        say(gateways, 20)
        south = [each for each in gateways if each.gateway.site == "south"]
        all_safe(south, data)
        part = app.health()["parts"]["history.north"]
        assert part["status"] == "failing"
        assert "cannot be made" in part["message"]
        assert not any(each.spool.confirmed.seq for each in gateways if each not in south)
        (data / "north").unlink()
        all_safe(gateways, data)


def test_postgresql_stops_and_starts(
    fleet: Routers, gateways: list[Simulated], tmp_path: Path, postgresql: Postgres
) -> None:
    """What is not committed is not confirmed, and comes again; each reading is there once."""
    url = json.dumps(postgresql.url)
    with collector(written(tmp_path, fleet, collect=f"data: ./data, postgres: {url}")) as app:
        say(gateways, 20)
        all_safe(gateways)
        postgresql.stop()
        say(gateways, 20)
        until(lambda: app.health()["parts"]["history"]["status"] == "failing")
        confirmed = [each.spool.confirmed.seq for each in gateways]
        assert confirmed == [20] * 3
        postgresql.start()
        say(gateways, 5)
        all_safe(gateways)
    import psycopg

    with psycopg.connect(postgresql.url, client_encoding="utf8") as db:
        for each in gateways:
            query = "SELECT value FROM sig_gateway.measured WHERE sender = %s ORDER BY time"
            found = db.execute(query, (each.sender,)).fetchall()
            assert [value for (value,) in found] == [float(number) for number in each.said]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Postgres]:
    """A server."""
    from tests.support.postgres import postgres

    pytest.importorskip("psycopg")
    with postgres() as made:
        yield made


def test_the_api_is_of_all_gateways(fleet: Routers, gateways: list[Simulated], tmp_path: Path) -> None:
    """Who is up; their senders, one gateway at a time; history; and requests go to them."""
    port = free_port()
    say(gateways, 20)
    with collector(written(tmp_path, fleet, f"http: {{listen: '127.0.0.1:{port}'}}\n")) as app:
        all_safe(gateways)

        def get(path: str, body: bytes | None = None) -> Any:
            with urlopen(f"http://127.0.0.1:{port}{path}", body, 30.0) as answer:
                return json.load(answer)

        def answers() -> Any:
            try:
                return get("/api/v1/gateways")
            except (URLError, ConnectionError):
                return []

        until(lambda: all(each["version"] for each in answers()) and answers(), what="they say who they are")
        listed = {each["gateway"]: each for each in get("/api/v1/gateways")}
        assert list(listed) == ["north/greenhouse", "north/shed", "south/green%20house"]
        shed = listed["north/shed"]
        assert (shed["up"], shed["waiting"], shed["senders"], shed["lost"]) == (True, 0, 1, 0)
        (temp,) = get("/api/v1/senders?gateway=south/green%2520house")
        assert temp["sender"] == "south/green%20house/temp"
        assert temp["last"]["value"] == 19.0
        assert len(get("/api/v1/senders")) == 3
        name = "/api/v1/senders/north%2Fshed%2Ftemp"
        until(lambda: app.live is not None and app.live.router.getSender("north/shed/temp") is not None)
        assert get(f"{name}/requests/read", b"{}")["response"] == {"sender": "temp", "method": "read"}
        assert get(name)["info"] == {"sender": "temp", "method": "info"}
        assert get(f"{name}/history?since=1h")["points"][-1]["value"] == 19.0
        assert get("/healthz")["status"] == "ok"
        with urlopen(f"http://127.0.0.1:{port}/metrics", None, 30.0) as answer:
            assert b'sig_gateway_fleet_gateway_up{gateway="north/shed"} 1' in answer.read()
        gateways.pop().close()
        until(lambda: app.health()["status"] == "failing")
        with pytest.raises(HTTPError, match="503"):
            get("/healthz")


def test_a_collector_of_one_site(tmp_path: Path) -> None:
    """With a certificate that lets it read that site alone: what is there is kept, and seen live."""
    from gateway.fleet import FleetRouter, Gateway
    from tests.support.fleet_enrolled import Enrolled

    enrolled = Enrolled(tmp_path / "fleet")
    for name in ("north/shed", "south/shed"):
        enrolled.enrol(name)
    place = enrolled.enrol("keeper", site="north")
    enrolled.start()
    urls = json.dumps([f"tls://127.0.0.1:{port}" for port in enrolled.ports])
    tls = f"{{ca: {place}/ca.pem, cert: {place}/cert.pem, key: {place}/key.pem}}"
    config = tmp_path / "collect.yaml"
    config.write_text(
        "collect: {name: keeper, sites: [north], data: ./data}\n"
        f"fleet: {{routers: {urls}, tls: {tls}}}\nhttp: {{listen: '127.0.0.1:{free_port()}'}}\n"
    )
    try:
        north, south = (
            FleetRouter(enrolled.settings(f"{site}/shed", 0), gateway=Gateway(site, "shed"))
            for site in ("north", "south")
        )
        with north, south, collector(config) as app:
            assert app.live is not None
            heard: list[Any] = []
            live = app.live.router
            live.addListener(lambda info, data: heard.append((info["sender"], data)), None, "#changed")
            senders = [router.addSender("temp", ["#changed"]) for router in (north, south)]
            signals = [sender.getSignal("#changed") for sender in senders]

            def said() -> bool:
                for signal in signals:
                    assert signal is not None
                    signal.trigger(5)
                return bool(heard)

            until(lambda: live.getSender("north/shed/temp") is not None, what="it is seen live")
            until(said, what="it is heard live")
            assert set(heard) == {("north/shed/temp", 5)}
            until(lambda: (tmp_path / "data" / "north" / "history.db").exists())
            assert set(live.gateways()) == {Gateway("north", "shed")}
    finally:
        enrolled.stop()


def test_the_page_of_a_fleet(fleet: Routers, gateways: list[Simulated], tmp_path: Path) -> None:
    """All gateways, those first that are not there; a search; and one gateway's sensors, live."""
    from tests.support.browsing import chromium, overheard, serious, visitor

    expect = pytest.importorskip("playwright.sync_api").expect
    port = free_port()
    say(gateways, 3)
    with collector(written(tmp_path, fleet, f"http: {{listen: '127.0.0.1:{port}'}}\n")) as app:
        all_safe(gateways)
        shed, house = gateways[1], gateways[2]
        until(lambda: app.health()["parts"]["http"]["status"] == "ok")
        with chromium() as browser, visitor(browser) as context, overheard(context, []) as page:
            page.goto(f"http://127.0.0.1:{port}/")
            rows = page.locator("table.fleet tbody tr")
            expect(rows).to_have_count(3)
            expect(page.get_by_role("link", name="Sensors", exact=True)).to_be_hidden()
            assert not serious(page)
            page.get_by_role("searchbox", name="Search gateways").fill("green house")
            expect(rows).to_have_count(1)
            page.get_by_role("link", name="south/green house").click()
            tile = page.locator(".tile")
            expect(tile).to_have_count(1)
            expect(tile.get_by_role("heading")).to_have_text("temp")
            house.say(50)
            until(lambda: _has(tile, "50.0"), what="what is said now is shown")
            page.get_by_role("link", name="Events", exact=True).click()
            expect(page.locator(".events tbody tr").first).to_contain_text("south/green%20house/temp")
            shed.close()
            gateways.remove(shed)
            until(lambda: app.health()["status"] == "failing")
            page.get_by_role("link", name="Gateways", exact=True).click()
            page.get_by_role("searchbox", name="Search gateways").fill("")
            expect(rows.first).to_contain_text("north/shed")
            expect(rows.first).to_contain_text("not there")


def _has(tile: Any, text: str) -> bool:
    """Within a moment."""
    return text in (tile.text_content(timeout=30_000.0) or "")
