"""What is refused, over real sockets: hosts, tokens, what is slow, large or no HTTP."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from gateway.http import auth as auth_module
from gateway.http import connection as connection_module
from gateway.http import guard as guard_module
from gateway.http.connection import Connection
from gateway.http.guard import MAX_BODY
from tests.gateway.http.conftest import LAST, Web
from tests.support.waiting import DEADLINE_S, happens, until

TOKEN = "a token that nobody guesses"
OPEN = ("/",)
CLOSED = (
    "/api/v1/senders",
    "/api/v1/senders/temp",
    "/api/v1/senders/temp/history",
    "/api/v1/gateway",
    "/api/v1/events",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/nothing",
    "/static/../api/v1/senders",
    "/static/%2e%2e/api/v1/senders",
    "//api/v1/senders",
    "/login/../api/v1/senders",
    "/api/v1/senders/%2e%2e/gateway",
)


@pytest.fixture
def closed(make: Callable[..., Web]) -> Web:
    """A server that wants a token."""
    return make(token=TOKEN).start()


def raw(web: Web, sent: bytes) -> bytes:
    """All that is answered to these bytes, until the end."""
    with web.connect() as sock:
        sock.sendall(sent)
        found = b""
        while part := sock.recv(65536):
            found += part
        return found


@pytest.mark.parametrize("path", CLOSED)
def test_without_the_token(closed: Web, path: str) -> None:
    """Nothing, whatever the path looks like; nor with a wrong one."""
    answer = closed.ask(path)
    if path.startswith("/static/"):
        assert answer.status in (401, 404)
        assert b"temp" not in answer.body
        return
    assert answer.error[:2] == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert closed.ask(path, Authorization="Bearer wrong").status == 401
    assert closed.ask(path, Authorization=f"Basic {TOKEN}").status == 401
    assert closed.ask(f"{path}?token={quote(TOKEN)}").status == 401


def test_a_request_without_the_token(closed: Web) -> None:
    """Does not run."""
    ran: list[object] = []
    closed.router.addSender("lamp", ["x"], {"on": ran.append})
    assert closed.ask("/api/v1/senders/lamp/requests/on", "POST", {}).status == 401
    assert ran == []


def test_with_the_token(closed: Web) -> None:
    """All; the page itself needs none, as it is where a person says it."""
    for scheme in ("Bearer", "bearer"):
        assert closed.ask("/api/v1/senders", Authorization=f"{scheme} {TOKEN}").json[0]["last"] == LAST
    page = closed.ask("/")
    assert page.status == 200
    assert b"greenhouse" not in page.body


def test_a_browser_logs_in_and_out(closed: Web) -> None:
    """Its cookie is good until then, for a stream too; no script and no other site can use it."""
    answer = closed.ask("/login", "POST", {"token": TOKEN})
    assert answer.json == {"status": "ok", "response": None}
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert {each.lower() for each in attributes} == {
        "httponly",
        "samesite=strict",
        "path=/",
        f"max-age={auth_module.COOKIE_S:.0f}",
    }
    assert TOKEN not in cookie
    assert closed.ask("/api/v1/senders", Cookie=f"other=1; {cookie}").status == 200
    stream = closed.follow(Cookie=cookie)
    gone = closed.ask("/logout", "POST", Cookie=cookie)
    assert gone.headers["set-cookie"].startswith('sig_gateway=""; ')
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert stream.next()[::2] == ("cut", "logged out")
    stream.close()
    assert closed.ask("/api/v1/senders", Cookie=cookie).status == 401


@pytest.mark.parametrize("cookie", ["sig_gateway=", "sig_gateway=x", "sig_gateway", "=;;\xff", "a b=\x01"])
def test_cookies_that_are_none(closed: Web, cookie: str) -> None:
    """Let nobody in."""
    assert closed.ask("/api/v1/senders", Cookie=cookie).status in (400, 401)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"token": 1}', b'{"token": "x", "more": 1}', b"{"])
def test_a_login_that_makes_no_sense(closed: Web, body: bytes) -> None:
    """Is none, and does not say the token."""
    assert closed.ask("/login", "POST", body).error[:2] == (422, "bad_params")


def test_a_login_where_none_is_needed(web: Web) -> None:
    """Works, without a cookie."""
    answer = web.ask("/login", "POST", {"token": "anything"})
    assert answer.status == 200
    assert "set-cookie" not in answer.headers


def test_guessing(closed: Web) -> None:
    """A few tries are free; then each has to wait, with the right one too, by login and by header."""
    for _ in range(auth_module.FREE_TRIES):
        assert closed.ask("/login", "POST", {"token": "wrong"}).error[:2] == (401, "unauthorized")
    answer = closed.ask("/login", "POST", {"token": TOKEN})
    assert answer.error[:2] == (429, "busy")
    assert answer.headers["retry-after"] == "1"
    assert closed.ask("/api/v1/senders", Authorization="Bearer wrong").status == 429


def test_hosts(make: Callable[..., Web]) -> None:
    """Ours, those of the config, and no others."""
    web = make(hosts=["greenhouse.local"]).start()
    for host in ("localhost", f"127.0.0.1:{web.port}", "GREENHOUSE.local:80", "[::1]:8300"):
        assert web.ask("/healthz", Host=host).status == 200
    for host in ("evil.example", "", "greenhouse.local.evil.example"):
        assert web.ask("/healthz", Host=host).error[:2] == (400, "bad_host")


def test_the_address_in_listen_is_a_host(make: Callable[..., Web]) -> None:
    """Also where it is another one of this machine's own."""
    web = make()
    port = web.port
    web = make(listen=f"127.0.0.2:{port}")
    web.begin()
    until(lambda: web.part["status"] == "ok")
    with socket.create_connection(("127.0.0.2", port), timeout=DEADLINE_S) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("hosts", [[], ["greenhouse.local"]])
def test_hosts_beyond_this_machine(make: Callable[..., Web], hosts: list[str]) -> None:
    """Any, as the token keeps others out, unless some are said."""
    with socket.create_server(("0.0.0.0", 0)) as free:  # noqa: S104 - that is what is tried
        port = free.getsockname()[1]
    web = make(listen=f"0.0.0.0:{port}", token=TOKEN, hosts=hosts)
    web.port = port
    web.start()
    said = {"Authorization": f"Bearer {TOKEN}"}
    assert web.ask("/healthz", Host="what.example", **said).status == (400 if hosts else 200)
    assert web.ask("/healthz", Host="what.example").status == (400 if hosts else 401)


def test_pages_of_other_sites(web: Web) -> None:
    """May not ask, and are not told that they may."""
    answer = web.ask("/api/v1/senders/temp/requests/echo", "POST", {}, Origin="http://evil.example")
    assert answer.error[:2] == (403, "forbidden")
    preflight = web.ask("/api/v1/senders", "OPTIONS", Origin="http://evil.example")
    assert preflight.error[:2] == (405, "method_not_allowed")
    for found in (answer, preflight, web.ask("/api/v1/senders", Origin="http://evil.example")):
        assert not [name for name in found.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/api/v1/events?last_event_id=%00"])
def test_headers_of_every_answer(web: Web, path: str) -> None:
    """Of errors too; nobody is told what serves them."""
    headers = web.ask(path, "HEAD").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert "date" in headers


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000,
    ],
)
def test_what_is_no_http(web: Web, sent: bytes) -> None:
    """Is answered in the one shape of errors, where it is answered, and the connection ends."""
    try:
        found = raw(web, sent)
    except ConnectionError:  # what is left of it was thrown away
        found = b""
    if found:
        assert found.startswith(b"HTTP/1.1 400 ")
        assert b'{"status":"error","error":"bad_request"' in found
    assert web.ask("/healthz").status == 200


def test_no_http_behind_a_request(web: Web) -> None:
    """The request is answered; then the connection ends."""
    found = raw(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200 ")
    assert found.count(b"HTTP/1.1 ") == 2


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: local"])
def test_headers_that_do_not_come(web: Web, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    """The connection is closed, as of a first request so of a further one, however it drips."""
    monkeypatch.setattr(connection_module, "HEADERS_S", 1.5)
    with web.connect() as sock:
        sock.sendall(begun)
        assert ended(sock)
    with web.connect() as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        response = http.client.HTTPResponse(sock)
        response.begin()
        assert response.read()
        sock.sendall(b"G")
        assert ended(sock)


def ended(sock: socket.socket) -> bool:
    """Whether the other side ends it, however."""
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


def test_a_stream_is_not_taken_for_slow_headers(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on."""
    monkeypatch.setattr(connection_module, "HEADERS_S", 1.5)
    stream, other = web.follow(), web.connect()
    assert ended(other)
    other.close()
    web.trigger("hot", 1)
    assert stream.event()["data"] == 1
    stream.close()


def test_a_connection_that_rests(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two requests is not taken for slow headers, either."""
    monkeypatch.setattr(connection_module, "HEADERS_S", 1.5)
    resting = http.client.HTTPConnection("127.0.0.1", web.port, timeout=DEADLINE_S)
    for _ in range(2):
        resting.request("GET", "/healthz")
        first = resting.sock
        assert resting.getresponse().read()
        with web.connect() as other:  # which is closed when that time has passed
            assert ended(other)
    assert resting.sock is first
    resting.close()


class Long:
    """Metrics that no socket takes at once."""

    def text(self) -> str:
        """See `Metrics`."""
        return "x" * 20_000_000


@pytest.mark.parametrize("then", ["keep-alive", "close"])
def test_an_answer_that_is_not_read(
    make: Callable[..., Web], monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """Is not kept for ever; who reads has all of it."""
    monkeypatch.setattr(connection_module, "UNREAD_S", 0.3)
    given_up = threading.Event()
    abort = Connection._abort

    def noted(connection: Connection) -> None:
        given_up.set()
        abort(connection)

    monkeypatch.setattr(Connection, "_abort", noted)
    web = make()
    web.metrics = Long()
    web.start()
    with web.connect() as deaf:
        deaf.sendall(f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: {then}\r\n\r\n".encode())
        happens(given_up)
        response = http.client.HTTPResponse(deaf)
        response.begin()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    monkeypatch.setattr(connection_module, "UNREAD_S", DEADLINE_S)
    assert len(web.ask("/metrics").body) == len(Long().text())


def test_a_body_that_does_not_come(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is given up."""
    monkeypatch.setattr(guard_module, "BODY_S", 0.1)
    head = (
        b"POST /api/v1/senders/temp/requests/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{"
    )
    assert raw(web, head).startswith(b"HTTP/1.1 504 ")


def test_a_body_that_is_too_large(web: Web) -> None:
    """Is refused before it comes, or when it is."""
    path = b"POST /api/v1/senders/temp/requests/echo HTTP/1.1\r\nHost: localhost\r\n"
    assert raw(web, path + b"Content-Length: 100000000\r\n\r\n").startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n%s\r\n" % (MAX_BODY + 1, b"1" * (MAX_BODY + 1))
    assert raw(web, path + b"Transfer-Encoding: chunked\r\n\r\n" + chunk).startswith(b"HTTP/1.1 413 ")


def test_too_many_connections(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is closed; when others have gone there is room again."""
    monkeypatch.setattr(connection_module, "MOST_CONNECTIONS", 2)
    held = [web.follow() for _ in range(2)]
    with web.connect() as sock:
        assert ended(sock)
    for stream in held:
        stream.close()

    def answers() -> bool:
        try:
            return web.ask("/healthz").status == 200
        except ConnectionError:
            return False

    until(answers)


def test_tls(make: Callable[..., Web], tmp_path: Path) -> None:
    """The cookie goes over it alone; who speaks plain HTTP gets nothing."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    web = make(token=TOKEN, tls={"cert": "cert.pem", "key": "key.pem"}).start()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    body = f'{{"token": "{TOKEN}"}}'.encode()
    head = (
        f"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with web.connect() as sock, context.wrap_socket(sock, server_hostname="localhost") as secure:
        secure.settimeout(DEADLINE_S)
        secure.sendall(head.encode() + body)
        found = secure.recv(65536)
    assert found.startswith(b"HTTP/1.1 200 ")
    assert b"; Secure" in found
    try:
        plain = raw(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    except ConnectionError:
        plain = b""
    assert b"200" not in plain
