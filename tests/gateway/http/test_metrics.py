"""`/metrics` over HTTP, and what the server says of itself there."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from gateway import mailbox as mailbox_module
from gateway.http import hub as hub_module
from gateway.http import service as service_module
from gateway.http.server import Server
from gateway.samples import Family
from tests.gateway.http.conftest import Web
from tests.support.background import in_background
from tests.support.waiting import happens, until


class Slow:
    """Metrics that take until `go`."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self.thread = ""

    def text(self) -> str:
        """See `Metrics`."""
        self.thread = threading.current_thread().name
        self.asked.set()
        happens(self.go)
        return "# HELP x\nx 1\n"


def said(web: Web) -> dict[str, Family]:
    assert web.service is not None
    return {family.name: family for family in web.service.families()}


def test_a_scrape_that_takes_long_holds_up_nobody(make: Callable[..., Web]) -> None:
    """It is made on a thread of its own."""
    web = make()
    web.metrics = slow = Slow()
    web.start()
    thread, answers = in_background(lambda: web.ask("/metrics"))
    happens(slow.asked)
    assert web.ask("/api/v1/senders").status == 200
    assert thread.is_alive()
    slow.go.set()
    thread.join(20)
    assert answers[0].body == b"# HELP x\nx 1\n"
    assert slow.thread.startswith("http-reports")


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/gateway"])
def test_health_that_takes_long_holds_up_nobody(make: Callable[..., Web], path: str) -> None:
    """Nor is that of many sensors made where the streams are served."""
    web = make().start()
    asked, go = threading.Event(), threading.Event()

    def how() -> dict[str, Any]:
        asked.set()
        happens(go)
        return web.health

    web.how = how
    thread, answers = in_background(lambda: web.ask(path))
    happens(asked)
    assert web.ask("/api/v1/senders").status == 200
    assert thread.is_alive()
    go.set()
    thread.join(20)
    assert answers[0].status == 200


def test_a_scrape_does_not_wait_for_requests(make: Callable[..., Web]) -> None:
    """All threads for requests are at work, and more wait."""
    web = make()
    web.metrics = slow = Slow()
    slow.go.set()
    web.start()
    end = threading.Event()
    web.router.addSender("slow", None, {"read": lambda _: end.wait(20)})
    asking = [in_background(lambda: web.ask("/api/v1/senders/slow/requests/read", "POST")) for _ in range(6)]
    try:
        assert web.ask("/metrics").status == 200
    finally:
        end.set()
        for thread, _ in asking:
            thread.join(20)


def test_streams_are_counted(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that follow, and those that were cut since the start."""
    assert said(web)["http_streams"].samples[0].value == 0
    stream = web.follow()
    assert said(web)["http_streams"].samples[0].value == 1
    assert said(web)["http_streams_cut_total"].samples[0].value == 0
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 1)
    monkeypatch.setattr(hub_module.Client, "idle", False, raising=False)
    for _ in range(200):
        web.trigger("#changed", {"value": "x" * 60_000})
    until(lambda: said(web)["http_streams_cut_total"].samples[0].value == 1)
    stream.close()
    until(lambda: said(web)["http_streams"].samples[0].value == 0)


def test_a_server_that_begins_anew_counts_on(
    make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the process lives on."""
    serve, failures = Server.serve, [1, 2]

    async def failing(self: Server, *args: Any) -> None:
        if failures:
            self._hub.cut = failures.pop()
            raise RuntimeError("made up")
        await serve(self, *args)

    monkeypatch.setattr(Server, "serve", failing)
    monkeypatch.setattr(service_module, "AGAIN_S", (0.01, 0.01))
    web = make()
    web.begin()
    until(lambda: not failures and web.part["status"] == "ok")
    until(lambda: said(web)["http_streams_cut_total"].samples[0].value == 3)


def test_what_the_server_could_not_take(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """By sender."""
    assert web.service is not None
    assert web.service.dropped() == {}
    monkeypatch.setattr(mailbox_module, "CAPACITY", 0)
    web.trigger("#changed", 1)
    web.trigger("#changed", 1)
    assert web.service.dropped() == {"temp": 2}


def test_before_it_runs(make: Callable[..., Web]) -> None:
    """It has nothing to say."""
    web = make()
    from gateway.feed import Feed
    from gateway.http.context import Context
    from gateway.http.service import HttpService

    service = HttpService(web.config, Context(web.router, Feed(web.router), dict, dict))
    assert list(service.families()) == []
