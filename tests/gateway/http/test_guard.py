"""What is refused before anybody looks at it."""

import asyncio
import json
from collections.abc import Callable, Collection
from typing import Any

import pytest

from gateway.http import guard as guard_module
from gateway.http.errors import HttpError
from gateway.http.guard import MAX_BODY, Guard, Headers, Message, Receive, Scope, Send

OURS = ("localhost", "127.0.0.1", "::1")


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what came."""
    message = await receive()
    assert not message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"Cache-Control", b"max-age=1")]})
    await send({"type": "http.response.body", "body": message["body"]})


def answered(
    headers: dict[str, str],
    parts: Collection[bytes] = (b"",),
    method: str = "GET",
    hosts: Collection[str] | None = OURS,
    *,
    hangs: bool = False,
    admit: Callable[[Scope, Headers], None] = lambda _scope, _headers: None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what `Guard` in front of `echo` says."""
    sent: list[Message] = []
    waiting = list(parts)

    async def receive() -> Message:
        if not waiting and hangs:
            await asyncio.Event().wait()
        if not waiting:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or hangs}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    asyncio.run(Guard(echo, hosts, admit)(scope, receive, send))
    start, body = sent
    got = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], got, body["body"]


def refusal(*arguments: Any, **more: Any) -> tuple[int, str, str]:
    """Status, type and text of an error."""
    status, headers, body = answered(*arguments, **more)
    said = json.loads(body)
    assert (said["status"], headers["content-type"]) == ("error", "application/json")
    return status, said["error"], said["message"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8300", "127.0.0.1:8300", "[::1]:8300", "[::1]"])
def test_our_hosts(host: str) -> None:
    """With a port and without, in any case."""
    assert answered({"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example:8300", "127.0.0.1.evil.example"]
)
def test_other_hosts(host: str) -> None:
    """Are refused, by a name that leads here or none; the text says which, and what to write."""
    status, error, text = refusal({"Host": host})
    assert (status, error) == (400, "bad_host")
    assert repr(host) in text
    assert "http.hosts" in text
    assert answered({"Host": host}, hosts=None)[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites(headers: dict[str, str]) -> None:
    """May not do anything; to look is guarded by the browser."""
    host = {"Host": "localhost:8300"}
    assert refusal({**host, **headers}, method="POST")[:2] == (403, "forbidden")
    assert answered({**host, **headers}, method="GET")[0] == 200


def test_our_own_page() -> None:
    """May, and so may programs, which say nothing of an origin."""
    ours = {"Host": "localhost:8300", "Origin": "http://localhost:8300", "Sec-Fetch-Site": "same-origin"}
    assert answered(ours, [b"x"], "POST")[0] == 200
    assert answered({"Host": "localhost:8300"}, [b"x"], "POST")[0] == 200


def test_a_body_in_pieces() -> None:
    """Comes as one."""
    assert answered({"Host": "localhost"}, [b"a", b"", b"bc"], "POST")[2] == b"abc"


@pytest.mark.parametrize(
    ("headers", "parts"),
    [
        ({"Content-Length": str(MAX_BODY + 1)}, [b""]),
        ({"Content-Length": "9" * 30}, [b""]),
        ({}, [b"x" * MAX_BODY, b"x"]),
    ],
)
def test_a_body_that_is_too_large(headers: dict[str, str], parts: list[bytes]) -> None:
    """Is not taken, whether it says so first or not; and the connection ends."""
    assert refusal({"Host": "localhost", **headers}, parts, "POST")[:2] == (413, "too_large")
    assert answered({"Host": "localhost", **headers}, parts, "POST")[1]["connection"] == "close"
    assert answered({"Host": "localhost"}, [b"x" * MAX_BODY], "POST")[0] == 200


def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is given up in time."""
    monkeypatch.setattr(guard_module, "BODY_S", 0.01)
    assert refusal({"Host": "localhost"}, [b"a"], "POST", hangs=True)[:2] == (504, "timeout")


def test_a_body_that_ends_early() -> None:
    """Is no request."""
    assert refusal({"Host": "localhost"}, [], "POST")[:2] == (422, "bad_params")


def test_the_headers_of_every_answer() -> None:
    """Refusals too; what the app says itself stays."""
    for headers in (answered({"Host": "localhost"})[1], answered({"Host": "evil.example"})[1]):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    assert answered({"Host": "localhost"})[1]["cache-control"] == "max-age=1"
    assert answered({"Host": "evil.example"})[1]["cache-control"] == "no-store"


def test_what_is_no_http() -> None:
    """Is passed on as it is."""
    seen = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    asyncio.run(Guard(app, OURS)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


def test_who_may_not_come_in() -> None:
    """Is refused before the body is read, with what the refusal says beside; but a wrong host comes first."""

    def nobody(_scope: Scope, headers: Headers) -> None:
        assert headers[b"host"] == b"localhost"
        raise HttpError("unauthorized", "no", {"www-authenticate": "Bearer"})

    status, headers, _ = answered({"Host": "localhost"}, method="POST", hangs=True, admit=nobody)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert answered({"Host": "evil.example"}, admit=nobody)[0] == 400
