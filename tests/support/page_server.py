"""The gateway's HTTP side as the page sees it, with nothing behind it: its files, and an API whose answers
and events a test scripts. Its streams can be broken and held, and it can be restarted on its port.
"""

from __future__ import annotations

import http.server
import json
import re
import socketserver
import threading
import time
import urllib.parse
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from gateway.http.guard import _HEADERS
from tests.support.page_house import Sensor, gateway, health, rfc3339

PAGE = Path(__file__).parents[2] / "gateway" / "http" / "page"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
ALIVE_S = 1.0
"""Oftener than the gateway, which has 5 s: a test does not wait for it."""


class PageServer:
    """`sensors` may be changed at any time, `say` and `trigger` tell the page of it. `answers`: what a live
    read of a sensor gives, as (status, body). `token`: asked for, if it is there. Use it in a `with`."""

    def __init__(self, sensors: Iterable[Sensor] = ()) -> None:
        self.sensors = {sensor.name: sensor for sensor in sensors}
        self.gateway = gateway(time.time())
        self.health = health()
        self.answers: dict[str, tuple[int, Any]] = {}
        self.token: str | None = None
        self.no_history = False
        self.asked: list[str] = []
        """Each path, with its query, in the order of the requests."""
        self._changed = threading.Condition()
        self._events: list[tuple[str, bytes]] = []
        self._number = 0
        self._streams = 0
        self._generation = 0
        self._held = False
        self._port = 0
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def streams(self) -> int:
        """How many clients follow the events."""
        with self._changed:
            return self._streams

    def start(self) -> None:
        """Serve; again on the same port after `stop`."""
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="page server").start()

    def stop(self) -> None:
        """Nobody answers on the port; every thread has ended."""
        server, self._server = self._server, None
        if server is not None:
            self.break_streams()
            server.shutdown()
            server.server_close()

    def break_streams(self) -> None:
        """End every stream; clients may come again."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def hold_streams(self, *, held: bool) -> None:
        """Send nothing though the connections stay, as where a cable was pulled."""
        with self._changed:
            self._held = held
            self._changed.notify_all()

    def say(
        self, name: str, value: float, *, age_s: float = 0.0, event: str = "#changed", **more: object
    ) -> None:
        """A sensor has a new reading; `more`: keys of it, as `quality`. One that is older than `last` is
        told as an event alone."""
        sensor = self.sensors[name]
        now = time.time()
        reading = {
            **(sensor.reading(now) or {}),
            "value": value,
            "time": rfc3339(now - age_s),
            "quality": "good",
        }
        reading.pop("reason", None)
        reading |= more
        if sensor.last is None or reading["time"] >= sensor.last["time"]:
            sensor.last = reading
        self.trigger(name, event, reading)

    def unplug(self, name: str, reason: str) -> None:
        """Its link has gone."""
        self.sensors[name].connected = False
        self.sensors[name].reason = reason
        self.trigger(name, "#disconnect", None)

    def plug(self, name: str) -> None:
        """It is there again."""
        self.sensors[name].connected = True
        self.sensors[name].reason = None
        self.trigger(name, "#connect", None)

    def trigger(self, sender: str, event: str, data: object) -> None:
        """An event, to whoever follows, and to those who come back for it."""
        with self._changed:
            self._number += 1
            event_id = f"{time.time_ns() // 1_000_000}-{self._number}"
            body = json.dumps({"sender": sender, "event": event, "data": data})
            self._events.append((event_id, f"id: {event_id}\ndata: {body}\n\n".encode()))
            self._changed.notify_all()

    def forget_events(self) -> None:
        """As a gateway that has been started anew without history: ids from before are unknown to it."""
        with self._changed:
            self._events.clear()

    def follow(self, out: Any, last_id: str, recent: int) -> None:
        """One client's stream, until it or the server ends."""
        with self._changed:
            generation = self._generation
            self._streams += 1
            known = [event_id for event_id, _ in self._events]
            if not last_id:
                sent = max(0, len(known) - recent)
            elif last_id in known:
                sent = known.index(last_id) + 1
            else:
                sent = 0
                reason = json.dumps({"reason": "the gateway was restarted", "since": None})
                out.write(f"event: gap\ndata: {reason}\n\n".encode())
        try:
            self._send_until(out, generation, sent)
        except OSError:
            return  # the page has gone
        finally:
            with self._changed:
                self._streams -= 1

    def _send_until(self, out: Any, generation: int, sent: int) -> None:
        while True:
            out.write(f"event: alive\ndata: {rfc3339(time.time())}\n\n".encode())
            out.flush()
            with self._changed:
                if self._generation == generation and (len(self._events) == sent or self._held):
                    self._changed.wait(ALIVE_S)
                while self._held and self._generation == generation:
                    self._changed.wait(ALIVE_S)
                if self._generation != generation:
                    return
                news, sent = self._events[sent:], len(self._events)
            out.write(b"".join(message for _, message in news))
            out.flush()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], page: PageServer) -> None:
        self.page = page
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes early is no error."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        page = self.server.page
        page.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/login":
            if json.loads(body)["token"] != page.token:
                return self._json(_error("unauthorized", "that is not the token"), 401)
            return self._json({"status": "ok"}, cookie="sig_gateway=1; HttpOnly; SameSite=Strict; Path=/")
        if not self._may():
            return None
        found = re.fullmatch(r"/api/v1/senders/([^/]+)/requests/read", self.path)
        name = urllib.parse.unquote(found[1]) if found else ""
        if name not in page.sensors:
            return self._json(_error("unknown_sender", f"there is no sender {name!r}"), 404)
        sensor = page.sensors[name]
        if name in page.answers:
            status, answer = page.answers[name]
            return self._json(answer, status)
        if not sensor.connected:
            return self._json(_error("not_connected", sensor.reason or f"{name} is not connected"), 503)
        return self._json({"status": "ok", "response": sensor.reading(time.time())})

    def do_GET(self) -> None:
        page = self.server.page
        page.asked.append(self.path)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/":
            return self._file(PAGE / "index.html")
        if url.path.startswith("/static/"):
            return self._file(PAGE / Path(url.path).name)
        return self._api(page, url.path, query) if self._may() else None

    def _api(self, page: PageServer, path: str, query: dict[str, str]) -> None:
        now = time.time()
        if path == "/api/v1/senders":
            return self._json([sensor.entry(now) for sensor in page.sensors.values()])
        if path == "/api/v1/gateway":
            return self._json({**page.gateway, "health": page.health})
        if path == "/api/v1/events":
            self._head(200, "text/event-stream")
            return page.follow(self.wfile, query.get("last_event_id", ""), int(query.get("recent", 0)))
        found = re.fullmatch(r"/api/v1/senders/([^/]+)/history", path)
        sensor = page.sensors.get(urllib.parse.unquote(found[1])) if found else None
        if sensor is None or page.no_history:
            return self._json(
                _error("not_found", "this gateway keeps no history: add `history:` to its config"), 404
            )
        answer = sensor.history(_seconds(query["since"]), _seconds(query["until"]), int(query["points"]), now)
        return self._csv(answer) if query.get("format") == "csv" else self._json(answer)

    def _may(self) -> bool:
        page = self.server.page
        if page.token is None or "sig_gateway=1" in self.headers.get("Cookie", ""):
            return True
        self._json(_error("unauthorized", "say the token: Authorization: Bearer …, or log in"), 401)
        return False

    def _csv(self, answer: dict[str, Any]) -> None:
        keys = ("time", "value", "min", "max", "mean", "count")
        rows = [",".join(str(point[key]) for key in keys) for point in answer["points"]]
        self._send("\r\n".join([",".join(keys), *rows, ""]).encode(), "text/csv; charset=utf-8", 200)

    def _file(self, path: Path) -> None:
        if not path.is_file():
            return self._json(_error("not_found", f"there is no {path.name}"), 404)
        return self._send(path.read_bytes(), TYPES[path.suffix], 200)

    def _json(self, value: object, status: int = 200, cookie: str | None = None) -> None:
        self._send(json.dumps(value).encode(), "application/json", status, cookie)

    def _send(self, body: bytes, kind: str, status: int, cookie: str | None = None) -> None:
        self._head(status, kind, len(body), cookie)
        self.wfile.write(body)

    def _head(self, status: int, kind: str, length: int | None = None, cookie: str | None = None) -> None:
        self.send_response(HTTPStatus(status))
        for name, value in _HEADERS:
            self.send_header(name.decode(), value.decode())
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if cookie is not None:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()


def _error(error: str, message: str) -> dict[str, str]:
    return {"status": "error", "error": error, "message": message}


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
