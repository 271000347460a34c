"""The senders that a FleetRouter itself offers to the fleet."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from gateway.fleet.keys import Gateway, Name
from gateway.fleet.message import MOST_DATA
from sig.errors import UnknownSender
from sig.event import EVENT_CONNECT, EVENT_DISCONNECT
from sig.router import Router

if TYPE_CHECKING:
    import zenoh

    from gateway.fleet.speaker import Speaker
    from gateway.fleet.spool import Spool

logger = logging.getLogger(__name__)

_MOST_OF_A_CHARACTER = 4
"""Bytes."""


class OwnSenders:
    """Of `router`, under the site and name of `gateway`; None: there are none. Any thread."""

    def __init__(self, router: Router, gateway: Gateway | None) -> None:
        self.gateway = gateway
        self._router = router
        self._texts: dict[str, str] = {}  # by what the fleet calls it: what the router does
        self._names: dict[str, str] = {}  # the other way
        # Guards who is connected, and to what; re-entrant as a finalizer may remove a sender.
        self._lock = threading.RLock()
        self._connected: dict[str, None] = {}
        self._speaker: Speaker | None = None
        self._spool: Spool | None = None

    def add(self, name: Name, text: str) -> None:
        """One that the router calls `text`. Raises ValueError if it cannot be ours."""
        if self.gateway is None:
            raise ValueError(
                "this FleetRouter has no senders of its own: give it a name that no other program has: "
                'FleetRouter(settings, gateway=Gateway("north", "script"))'
            )
        if name.is_pattern or name.gateway != self.gateway:
            raise ValueError(f"our own senders are called {self.gateway}/NAME, or NAME; got {name}")
        self._texts[name.sender], self._names[text] = text, name.sender

    def has(self, text: str) -> bool:
        """Whether it is one of them."""
        return text in self._names

    def speaker_on(self, session: zenoh.Session) -> Speaker | None:
        """What speaks for them there, from now on; None if there are none."""
        if self.gateway is None:
            return None
        from gateway.fleet.speaker import Speaker
        from gateway.fleet.spool import MemorySpool

        with self._lock:
            if self._spool is None:
                self._spool = MemorySpool()
            speaker = Speaker(session, self.gateway, self._spool, self._answer, self._described)
            for name in self._connected:
                speaker.connect(name)
            self._speaker = speaker
            return speaker

    def leave(self) -> None:
        """Nothing speaks for them any more."""
        with self._lock:
            self._speaker = None

    def hear(self, info: dict[str, Any], data: Any) -> None:
        """The listener of each of them: tells the fleet. What nobody can be told is numbered and kept, as all
        is, for who asks for it."""
        name, event = self._names[info["sender"]], info["event"]
        if event in (EVENT_CONNECT, EVENT_DISCONNECT):
            self._is_connected(name, event == EVENT_CONNECT)
            return
        text, utc_ms = _json(data), time.time_ns() // 1_000_000
        if len(text) > MOST_DATA // _MOST_OF_A_CHARACTER and len(text.encode()) > MOST_DATA:
            told = "fleet: an event '%s' of %s is not told: its data has more than %d bytes of JSON"
            logger.error(told, event, info["sender"], MOST_DATA)
            return
        speaker = self._speaker
        if speaker is not None:
            speaker.say(name, event, text, utc_ms, True)
        elif self._spool is not None:
            self._spool.add(name, event, text, utc_ms, True)

    def _is_connected(self, name: str, connected: bool) -> None:
        with self._lock:
            if connected:
                self._connected[name] = None
            else:
                self._connected.pop(name, None)
            if self._speaker is not None:
                (self._speaker.connect if connected else self._speaker.disconnect)(name)

    def _answer(self, sender: str, method: str, params: Any, _timeout_s: float) -> Any:
        text = self._texts.get(sender)
        if text is None:
            raise UnknownSender(f"there is no sender '{sender}'")
        return Router.request(self._router, text, method, params)

    def _described(self) -> list[dict[str, Any]]:
        """What the gateway answers to `senders`."""
        found = []
        for name, text in list(self._texts.items()):
            sender = self._router.getSender(text)
            if sender is not None:
                requests = sender.getRequests()
                methods = None if requests is None else [each for each in requests if each is not None]
                entry = {"sender": name, "connected": sender.isConnected()}
                found.append(entry | {"events": sender.getEvents(), "requests": methods})
        return found


def _json(data: Any) -> str:
    """Whatever `data` is: what has no such form becomes its text."""
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return json.dumps(repr(data)[:1000])
