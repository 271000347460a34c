"""Who is there, and requests to them."""

import threading
from typing import Any
from urllib.parse import quote

import pytest

import sig
from gateway.requests_pool import WAITING, WORKERS
from tests.gateway.http.conftest import INFO, LAST, Web
from tests.support.waiting import happens, until

TEMP = {
    "sender": "temp",
    "connected": True,
    "events": ["#changed", "#stale", "cold", "hot"],
    "last": LAST,
    "quality": "good",
    "reason": None,
    "warning": None,
    "kind": "temperature",
    "link": "board",
    "thresholds": {"hot": 26},
    "decimals": 1,
}


def test_all_senders(web: Web) -> None:
    """But the gateway's own."""
    answer = web.ask("/api/v1/senders")
    assert (answer.status, answer.json) == (200, [TEMP])
    assert answer.headers["cache-control"] == "no-store"


def test_one_sender(web: Web) -> None:
    """With what it says of itself; the gateway's own is none."""
    assert web.ask("/api/v1/senders/temp").json == {**TEMP, "info": INFO, "stats": {"reads": 1}}
    assert web.ask("/api/v1/senders/nobody").error == (404, "unknown_sender", "there is no sender 'nobody'")
    assert web.ask("/api/v1/senders/%24gateway").error[:2] == (404, "unknown_sender")


def test_the_gateway_itself(web: Web) -> None:
    """As `$gateway` answers `info` and `health`; one that is red is no error here."""
    web.health = {"status": "failing", "parts": {}}
    answer = web.ask("/api/v1/gateway")
    assert (answer.status, answer.json) == (200, {**web.info(), "health": web.health})


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("unknown", 503), ("failing", 503)])
def test_health(web: Web, status: str, code: int) -> None:
    """The status says it, too."""
    web.health = {"status": status, "parts": {}}
    answer = web.ask("/healthz")
    assert (answer.status, answer.json) == (code, web.health)


@pytest.mark.parametrize("name", ["a/b", "ü ß", "a%2Fb", "..", "a?b#c", "\r\nX-Evil: 1", "temp/history"])
def test_names_of_any_kind(web: Web, name: str) -> None:
    """Are percent-encoded, and mean themselves alone."""
    web.router.addSender(name, ["x"], {"o/ther": lambda _: name, name: lambda _: "itself"})
    path = f"/api/v1/senders/{quote(name, safe='')}"
    path = path.replace("..", "%2E%2E")
    assert web.ask(path).json["sender"] == name
    assert web.ask(f"{path}/requests/o%2Fther", "POST").json == {"status": "ok", "response": name}
    method = quote(name, safe="").replace("..", "%2E%2E")
    answer = web.ask(f"{path}/requests/{method}", "POST")
    assert answer.json["response"] == "itself"
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    ("body", "params"),
    [(None, None), (b"", None), (b" ", None), (b"{}", {}), (b"[1]", [1]), (b"null", None), ("ü", "ü")],
)
def test_params(web: Web, body: Any, params: Any) -> None:
    """Any JSON, or nothing."""
    answer = web.ask("/api/v1/senders/temp/requests/echo", "POST", body)
    assert (answer.status, answer.json) == (200, {"status": "ok", "response": params})


@pytest.mark.parametrize("body", [b"{", b"NaN", b"\xff", b"[" * 60_000, b"1" * 5000])
def test_params_that_make_no_sense(web: Web, body: bytes) -> None:
    """Are refused."""
    status, error, text = web.ask("/api/v1/senders/temp/requests/echo", "POST", body).error
    assert (status, error) == (422, "bad_params")
    assert text.startswith("expected JSON, got b'")
    assert len(text) < 400


class OddError(Exception):
    """Says something that is no character."""

    def __str__(self) -> str:
        return "\ud800\r\n"


@pytest.mark.parametrize(
    ("raised", "status", "error"),
    [
        (sig.NotConnected("x"), 503, "not_connected"),
        (sig.RequestTimeout("x"), 504, "timeout"),
        (sig.BadReply("x"), 502, "bad_reply"),
        (sig.BadParams("x"), 422, "bad_params"),
        (sig.Busy("x"), 429, "busy"),
        (sig.Unauthorized("x"), 401, "unauthorized"),
        (sig.RemoteError("x"), 502, "failed"),
        (ValueError("x"), 502, "failed"),
        (SystemExit("x"), 502, "failed"),
        (OddError(), 502, "failed"),
    ],
)
def test_errors(web: Web, raised: BaseException, status: int, error: str) -> None:
    """As on every other transport."""

    def handler(_params: object) -> object:
        raise raised

    web.router.addSender("bad", ["x"], {"fail": handler})
    assert web.ask("/api/v1/senders/bad/requests/fail", "POST").error[:2] == (status, error)


def test_who_is_not_there(web: Web) -> None:
    """No such sender, no such method, not connected."""
    web.router.getSender("away", create=True)
    for path, error in (
        ("nobody/requests/last", (404, "unknown_sender")),
        ("temp/requests/nothing", (404, "unknown_method")),
        ("away/requests/last", (503, "not_connected")),
    ):
        assert web.ask(f"/api/v1/senders/{path}", "POST").error[:2] == error


def test_a_handler_that_does_not_return(web: Web) -> None:
    """Is given up in time, and the rest goes on."""
    release = threading.Event()
    web.router.addSender("slow", ["x"], {"wait": lambda _: release.wait(10)})
    answer = web.ask("/api/v1/senders/slow/requests/wait", "POST", {"timeout": 0})
    assert answer.error == (504, "timeout", "no answer in time; whether 'wait' was run is not known")
    assert web.ask("/api/v1/senders/temp/requests/last", "POST").json["response"] == LAST
    release.set()


def test_too_much_at_once(web: Web) -> None:
    """One more than the threads and those that may wait is refused at once; the loop is free meanwhile."""
    release, begun = threading.Event(), threading.Semaphore(0)

    def wait(_params: object) -> None:
        begun.release()
        release.wait(10)

    web.router.addSender("slow", ["x"], {"wait": wait})
    answers: list[int] = []

    def ask() -> None:
        answers.append(web.ask("/api/v1/senders/slow/requests/wait", "POST").status)

    callers = [threading.Thread(target=ask) for _ in range(WORKERS + WAITING)]
    for caller in callers:
        caller.start()
    for _ in range(WORKERS):
        assert begun.acquire(timeout=10)
    service = web.service
    assert service is not None
    until(lambda: service._pool._running == WORKERS + WAITING)
    status, error, _ = web.ask("/api/v1/senders/temp/requests/last", "POST").error
    assert (status, error) == (429, "busy")
    assert web.ask("/healthz").status == 200
    release.set()
    for caller in callers:
        caller.join()
    assert answers == [200] * len(callers)


def test_what_was_given_up_is_not_begun(web: Web) -> None:
    """Its caller has been told that it was not answered."""
    release, begun, ran = threading.Event(), threading.Semaphore(0), threading.Event()

    def wait(_params: object) -> None:
        begun.release()
        release.wait(10)

    web.router.addSender("slow", ["x"], {"wait": wait, "ran": lambda _: ran.set()})
    path = "/api/v1/senders/slow/requests"
    callers = [threading.Thread(target=web.ask, args=(f"{path}/wait", "POST")) for _ in range(WORKERS)]
    for caller in callers:
        caller.start()
    for _ in range(WORKERS):
        assert begun.acquire(timeout=10)
    assert web.ask(f"{path}/ran", "POST", {"timeout": 0}).error[:2] == (504, "timeout")
    release.set()
    for caller in callers:
        caller.join()
    service = web.service
    assert service is not None
    until(lambda: service._pool._running == 0)
    assert not ran.is_set()


def test_a_sender_that_does_not_answer_is_in_the_list(web: Web) -> None:
    """With nothing known of it, and the others are there."""
    release, asked = threading.Event(), threading.Event()

    def last(_params: object) -> None:
        asked.set()
        release.wait(10)

    web.router.addSender("slow", ["x"], {"last": last})
    answer = web.ask("/api/v1/senders")
    happens(asked)
    release.set()
    assert answer.json[0] == TEMP
    assert (answer.json[1]["sender"], answer.json[1]["last"]) == ("slow", None)
