"""A consumer of one gateway's events that keeps its cursor: a Follower, on a session with real routers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from gateway.fleet import keys
from gateway.fleet.follower import Ask, Deliver, Follower
from gateway.fleet.keys import Gateway
from gateway.fleet.message import START, Event, Lost, Page, Position, parse_event
from gateway.fleet.session import Settings, close, open_session

if TYPE_CHECKING:
    import zenoh

ASK_S = 5.0


class Consumer:
    """From all that there is. zenoh's threads post, one of its own follows. `confirms`: it confirms what it
    has whenever it has got something."""

    def __init__(
        self, settings: Settings, gateway: Gateway, name: str = "collector", *, confirms: bool
    ) -> None:
        self.events: list[Event] = []
        self.lost: list[Lost] = []
        self.present: set[str] = set()
        self.confirms = confirms
        self._gateway = gateway
        self._name = name
        self._follower = Follower(START)
        self._posted: SimpleQueue[Callable[[float], None] | None] = SimpleQueue()
        self.session = open_session(settings)
        up = gateway.key(keys.UP)
        self._declared = [
            self.session.declare_subscriber(gateway.key(keys.EVENTS), self._hear),
            self.session.liveliness().declare_subscriber(f"{up}/**", self._see, history=True),
        ]
        self._thread = threading.Thread(target=self._run, name="consumer")
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._posted.put(None)
        self._thread.join()
        close(self.session)

    def confirm(self, position: Position | None = None) -> None:
        """All up to there, or all that it has."""
        if position is None:
            position = self._follower.position
        self.session.put(self._gateway.key(keys.CONFIRMED, self._name), str(position))

    def readings(self, sender: str) -> list[str]:
        """The data of its `#changed`, in order."""
        return [each.data for each in self.events if (each.sender, each.event) == (sender, "#changed")]

    def request(self, kind: str, payload: str | None = None) -> list[str]:
        """What the gateway answers to a question."""
        replies = self.session.get(self._gateway.key(kind), payload=payload, timeout=20.0)
        return [reply.ok.payload.to_string() for reply in replies if reply.ok is not None]

    def ask(self, sender: str, method: str, **more: Any) -> Any:
        """What a sender answers to a request."""
        (answer,) = self.request(keys.ASK, json.dumps({"sender": sender, "method": method, **more}))
        return json.loads(answer)

    def _run(self) -> None:
        while True:
            ask = self._follower.ask(time.monotonic())
            if ask is not None:
                self._ask(ask)
            wait_s = min(max(0.001, self._follower.deadline() - time.monotonic()), 1.0)
            try:
                posted = self._posted.get(timeout=wait_s)
            except Empty:
                continue
            if posted is None:
                return
            before = len(self.events)
            posted(time.monotonic())
            if self.confirms and len(self.events) > before:
                self.confirm()

    def _take(self, steps: list[Any]) -> None:
        for step in steps:
            if isinstance(step, Deliver):
                self.events.append(step.event)
            else:
                self.lost.append(step)

    def _ask(self, ask: Ask) -> None:
        parts = [
            f"{name}={at}" for name, at in (("after", ask.after), ("before", ask.before)) if at is not None
        ]
        key = self._gateway.key(keys.EVENTS) + ("?" + ";".join(parts) if parts else "")
        try:
            replies = self.session.get(key, timeout=ASK_S)
            pages = [Page.parse(reply.ok.payload.to_string()) for reply in replies if reply.ok is not None]
        except Exception:  # noqa: BLE001 - whatever zenoh has, it is asked again
            pages = []
        now = time.monotonic()
        if pages:
            self._take(self._follower.page(ask, pages[0], now))
            if self.confirms:
                self.confirm()
        else:
            self._follower.failed(ask, now)

    # zenoh's threads

    def _hear(self, sample: zenoh.Sample) -> None:
        data = sample.payload.to_string()
        if sample.attachment is None:
            head = Position.parse(data)
            self._posted.put(lambda now: self._follower.head(head, now))
        else:
            event = parse_event(data, sample.attachment.to_string())
            self._posted.put(lambda now: self._take(self._follower.live(event, now)))

    def _see(self, sample: zenoh.Sample) -> None:
        import zenoh

        key = str(sample.key_expr)
        if sample.kind == zenoh.SampleKind.PUT:
            self.present.add(key)
            self._posted.put(self._follower.came)
        else:
            self.present.discard(key)
