"""What a client's listeners were last told of each sender: `#connect`, or `#disconnect`.

While a client is away senders come and go, and the server tells nobody twice. So after a reconnect the
client asks which senders there are, and its listeners are told what they have missed, once. All but `begin`
belongs to whoever reads the connection. Nothing here does I/O.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from sig.event import BUILTIN_EVENTS, EVENT_CONNECT, EVENT_DISCONNECT

MAX_SENDERS = 10_000
"""As many as `Limits.max_names`; of more no notes are taken."""


class Missed(NamedTuple):
    """An event that is to be delivered."""

    sender: str
    event: str
    data: dict[str, Any]


class Presence:
    """See the top of this file."""

    def __init__(self) -> None:
        # The data of its #connect of each that is there.
        self._told: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()  # guards what follows: who asks is not who reads
        self._asking = 0
        # Told of since somebody has begun to ask; empty while nobody asks.
        self._heard: set[str] = set()

    def heard(self, sender: Any, event: str, data: Any) -> None:
        """The server tells of that sender."""
        if not isinstance(sender, str):
            return
        with self._lock:
            if self._asking:
                self._heard.add(sender)
        self._note(sender, data if event == EVENT_CONNECT and isinstance(data, dict) else None)

    def _note(self, sender: str, data: dict[str, Any] | None) -> None:
        if data is None:
            self._told.pop(sender, None)
        elif sender in self._told or len(self._told) < MAX_SENDERS:
            self._told[sender] = data

    def begin(self) -> None:
        """The server is about to be asked: what is heard from now on is as new as its answer."""
        with self._lock:
            self._asking += 1

    def end(self) -> None:
        """It has answered, or will not."""
        with self._lock:
            self._asking -= 1
            if not self._asking:
                self._heard = set()

    def compare(self, described: Any, only: str | None = None) -> list[Missed]:
        """What has come and gone unheard, by the server's `list_senders`. `only`: of that sender."""
        there = dict(_connected(described))
        names = {*there, *self._told} if only is None else {only}
        missed = []
        for name in names - self._heard - _untold(described):
            before, now = self._told.get(name), there.get(name)
            if (before is None) == (now is None):
                continue
            self._note(name, now)
            event, data = (EVENT_DISCONNECT, before) if now is None else (EVENT_CONNECT, now)
            assert data is not None
            missed.append(Missed(name, event, data))
        return missed


def _untold(described: Any) -> set[str]:
    """Those of whom the server is about to tell."""
    entries = [each for each in described if isinstance(each, dict)] if isinstance(described, list) else []
    return {str(each.get("sender")) for each in entries if each.get("told") is False}


def _connected(described: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of each sender that is connected the data of its #connect, as far as the server says."""
    for each in described if isinstance(described, list) else ():
        if not isinstance(each, dict) or not each.get("connected") or not isinstance(each.get("sender"), str):
            continue
        events = each.get("events")
        names = [e.get("event") for e in events if isinstance(e, dict)] if isinstance(events, list) else []
        yield each["sender"], {"events": [*BUILTIN_EVENTS, *names], "requests": each.get("requests")}
