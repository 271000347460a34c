"""A durable consumer of a whole fleet, as small as it can be; a program of its own.

    python -m tests.support.fleet_consumer '{"routers": ["tcp/127.0.0.1:7447"], "log": "got.txt"}'

What it takes is a line of the log, which is its cursor as well, so that a kill -9 cannot part the two; a
gateway's own `#connect` and `#disconnect` have no number there:

    event SITE/GATEWAY/SENDER EPOCH SEQ N SAID GOT     the data's own "n" and "t"; monotonic seconds
    other SITE/GATEWAY/SENDER EPOCH SEQ                an event that has none
    lost  SITE/GATEWAY/SENDER EVENTS REASON

It confirms what it has written, says "ready", and runs until standard input ends.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import zenoh

from gateway.fleet.follower import Ask, Deliver, Follower, Step
from gateway.fleet.keys import CONFIRMED, EVENTS, EVERY, UP, Gateway, Name, parse_key
from gateway.fleet.message import START, MessageError, Page, Position, parse_event
from gateway.fleet.session import FleetError, Settings, close, open_session

NAME = "durable"
ASK_S = 5.0
CONFIRM_S = 0.5
TOGETHER = 20
"""Pages that are under way at once: more would only wait at the routers, before what is live."""

PAGE = "page"
"""Beside the kinds of keys: what has been asked for."""
Told = tuple[Any, ...]


def opened(settings: Settings) -> zenoh.Session:
    """As soon as a router answers."""
    while True:
        try:
            return open_session(settings)
        except FleetError:
            time.sleep(0.1)


class Consumer:
    """One thread; zenoh's only post."""

    def __init__(self, session: zenoh.Session, log: Path) -> None:
        self._session = session
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._followers: dict[Gateway, Follower] = {}
        self._confirmed: dict[Gateway, Position] = {}
        self._confirm_at = 0.0
        self._asked = 0
        self._log = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        for gateway, position in cursors(log).items():
            self._followers[gateway] = Follower(position)
        every = EVERY.key()
        self._declared = [
            session.declare_subscriber(f"{every}/{EVENTS}", partial(self._post, EVENTS)),
            session.liveliness().declare_subscriber(f"{every}/{UP}", partial(self._post, UP), history=True),
        ]

    def _post(self, kind: str, sample: zenoh.Sample) -> None:
        if sample.kind == zenoh.SampleKind.PUT:
            self._told.put((kind, str(sample.key_expr), sample.payload, sample.attachment))

    def run(self, ended: threading.Event) -> None:
        """Until then."""
        while not ended.is_set():
            first = self._next()
            now = time.monotonic()
            lines: list[str] = []
            while first is not None:
                lines += self._take(first, now)
                first = None if self._told.empty() or len(lines) > 1000 else self._told.get()
            for gateway, follower in self._followers.items():
                if follower.deadline() <= now:
                    lines += [_line(gateway, step, now) for step in follower.tick(now)]
                if self._asked < TOGETHER and (ask := follower.ask(now)) is not None:
                    self._ask(gateway, ask)
            if lines:
                os.write(self._log, "".join(lines).encode())
            if now >= self._confirm_at:
                self._confirm_at = now + CONFIRM_S
                self._confirm()

    def _next(self) -> Told | None:
        try:
            return self._told.get(timeout=0.1)
        except queue.Empty:
            return None

    def _take(self, told: Told, now: float) -> list[str]:
        kind, first, payload, beside = told
        if kind == PAGE:
            gateway, ask = first
            self._asked -= 1
            return [_line(gateway, step, now) for step in self._page(gateway, ask, payload, now)]
        key = parse_key(first)
        if key is None:
            return []
        follower = self._followers.setdefault(key.gateway, Follower(START))
        if kind == EVENTS and beside is not None:
            event = parse_event(payload.to_string(), beside.to_string())
            return [_line(key.gateway, step, now) for step in follower.live(event, now)]
        if kind == EVENTS:
            follower.head(Position.parse(payload.to_string()), now)
        elif kind == UP:
            follower.came(now)
        return []

    def _ask(self, gateway: Gateway, ask: Ask) -> None:
        self._asked += 1
        answer: list[str] = []
        query = f"{gateway.key(EVENTS)}?after={ask.after}" if ask.after else gateway.key(EVENTS)

        def ended() -> None:
            self._told.put((PAGE, (gateway, ask), answer, None))

        def answered(reply: zenoh.Reply) -> None:
            if reply.ok is not None:
                answer.append(reply.ok.payload.to_string())

        self._session.get(query, zenoh.handlers.Callback(answered, ended), timeout=ASK_S)

    def _page(self, gateway: Gateway, ask: Ask, answer: list[str], now: float) -> list[Step]:
        follower = self._followers[gateway]
        try:
            return follower.page(ask, Page.parse(answer[0]), now)
        except (IndexError, MessageError):
            follower.failed(ask, now)
            return []

    def _confirm(self) -> None:
        for gateway, follower in self._followers.items():
            position = follower.position
            if position and self._confirmed.get(gateway) != position:
                self._confirmed[gateway] = position
                self._session.put(gateway.key(CONFIRMED, NAME), str(position))


def _line(gateway: Gateway, step: Step, now: float) -> str:
    if isinstance(step, Deliver):
        event = step.event
        data = json.loads(event.data)
        at = f"{Name(gateway, event.sender)} {event.position.epoch} {event.position.seq}"
        if not isinstance(data, dict) or "n" not in data:
            return f"other {at}\n"
        return f"event {at} {data['n']} {data['t']} {now:.4f}\n"
    return f"lost {Name(gateway, step.sender or '-')} {step.events} {step.reason}\n"


def cursors(log: Path) -> dict[Gateway, Position]:
    """Where each gateway's events end that are in the log."""
    found: dict[Gateway, Position] = {}
    for line in log.read_text().splitlines():
        words = line.split()
        if words[0] in ("event", "other"):
            site, name, _ = words[1].split("/")
            found[Gateway(site, name)] = Position(int(words[2]), int(words[3]))
    return found


def _until_our_starter_ends(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def main() -> None:
    """See the module."""
    options = json.loads(sys.argv[1])
    ended = threading.Event()
    threading.Thread(target=_until_our_starter_ends, args=(ended,), daemon=True).start()
    log = Path(options["log"])
    log.touch()
    session = opened(Settings(options["routers"]))
    consumer = Consumer(session, log)
    print("ready", flush=True)
    consumer.run(ended)
    close(session)


if __name__ == "__main__":
    main()
