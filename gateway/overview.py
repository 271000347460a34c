"""Who is there, what each said last, and what is to be known about it: what `senders --json` prints, and what
HTTP answers.

All senders are asked at the same time, on a small pool: one that does not answer holds up neither the list
nor the others in it. It is not asked again before it has answered, so that no more threads wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import sig
from gateway.decimals import decimals_of_source
from gateway.requests_pool import Outcome, Pool, outcome_of
from gateway.senders import OWN_NAME

WITHIN_S = 3.0
"""For all senders together."""
LASTS_SHARE = 2 / 3
"""What of that a sender has to say what it said last: the rest is for what the others say of themselves."""
MOST_ASKED = 4000
"""Requests that wait for one of the pool's threads: two for each of more senders than a gateway has."""


class Listed(NamedTuple):
    """A sender, by its router."""

    sender: str
    connected: bool
    events: list[str]


class Source(Protocol):
    """A router, here or at the other end of a connection."""

    def senders(self) -> Iterable[Listed]:
        """All but the gateway's own."""

    def known(self, sender: str) -> Any:
        """What one that is not connected would answer to `info`; None where nobody knows. At once."""

    def request(self, sender: str, method: str, timeout_s: float) -> Any:
        """The response; raises `sig.RequestError`. On one of the pool's threads."""


class LocalSource:
    """A router in this process: its handlers know no time-out. `known`: see `Source`."""

    def __init__(self, router: sig.Router, known: Callable[[str], Any] = lambda _sender: None) -> None:
        self._router = router
        self._known = known

    def senders(self) -> Iterable[Listed]:
        """See `Source`."""
        for sender in self._router.listSenders():
            yield Listed(sender.getName(), sender.isConnected(), sender.getEvents())

    def known(self, sender: str) -> Any:
        """See `Source`."""
        return self._known(sender)

    def request(self, sender: str, method: str, timeout_s: float) -> Any:  # noqa: ARG002 - see above
        """See `Source`."""
        return self._router.request(sender, method)


class RemoteSource:
    """A client's router."""

    def __init__(self, client: sig.ClientRouter) -> None:
        self._client = client

    def senders(self) -> Iterable[Listed]:
        """See `Source`. Raises `sig.RequestError`."""
        for sender in self._client.listRemoteSenders(list_events=True):
            events = [event["event"] for event in sender.get("events", [])]
            yield Listed(sender["sender"], sender["connected"], events)

    def known(self, _sender: str) -> Any:
        """See `Source`: it could only be asked."""
        return None

    def request(self, sender: str, method: str, timeout_s: float) -> Any:
        """See `Source`."""
        return self._client.remoteRequest(sender, method, timeout=timeout_s)


class _Asked:
    """A request that is under way. `outcome`: None until there is one."""

    __slots__ = ("done", "outcome")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.outcome: Outcome | None = None


class Overview:
    """Lists and single senders, from any thread; each call waits for its answers. `close` ends it."""

    def __init__(self, source: Source, name: str = "senders") -> None:
        self._source = source
        self._pool = Pool(name, waiting=MOST_ASKED)
        self._lock = threading.Lock()  # guards what follows
        self._asked: dict[tuple[str, str], _Asked] = {}

    def close(self, timeout_s: float) -> bool:
        """False if a sender still holds up one of the threads."""
        return self._pool.stop(timeout_s)

    def all(self, within_s: float = WITHIN_S) -> list[dict[str, Any]]:
        """What `senders --json` prints.

        `last` and what comes from `info` are None for a sender that has none, does not know the request (no
        sensor), or is slow; readings come first, should the time not do for all. `quality` and `reason` are
        those of `last`; where that is None because there never was a value, and the sensor knows why,
        `stale` and that. Of one that is not connected, `last` is what it said last, stale by now, `reason`
        says why it is not, and what comes from `info` is what its source knows.
        """
        return [entry for entry, _ in self._entries(list(self._source.senders()), within_s)]

    def one(self, name: str, within_s: float = WITHIN_S) -> dict[str, Any] | None:
        """The same of one sender, with all of its `info` and its `stats`; None if there is no such sender."""
        deadline = time.monotonic() + within_s
        listed = [sender for sender in self._source.senders() if sender.sender == name]
        for entry, info in self._entries(listed, within_s):
            (stats,) = self._answers([name], "stats", deadline) if entry["connected"] else [Outcome()]
            return {**entry, "info": info, "stats": stats.response}
        return None

    def _entries(self, senders: list[Listed], within_s: float) -> list[tuple[dict[str, Any], Any]]:
        """What is listed of each, and its `info`."""
        now = time.monotonic()
        deadline = now + within_s
        names = [sender.sender for sender in senders]
        lasts = self._answers(names, "last", now + within_s * LASTS_SHARE)
        # who has not answered that will not answer this
        ready = [
            sender.sender
            for sender, last in zip(senders, lasts, strict=True)
            if sender.connected and last.error is None
        ]
        answers = self._answers(ready, "info", deadline)
        infos = {name: answer.response for name, answer in zip(ready, answers, strict=True)}
        infos |= {each.sender: self._source.known(each.sender) for each in senders if not each.connected}
        kept = self._kept(deadline) if not all(sender.connected for sender in senders) else {}
        return [
            (_entry(sender, last, info := infos.get(sender.sender), kept), info)
            for sender, last in zip(senders, lasts, strict=True)
        ]

    def _kept(self, deadline: float) -> dict[str, Any]:
        """By sensor, the newest reading that the gateway has, whether the sensor is there or gone."""
        (answer,) = self._answers([OWN_NAME], "health", deadline)
        parts = answer.response.get("parts") if isinstance(answer.response, dict) else None
        devices = parts.values() if isinstance(parts, dict) else ()
        sensors = [
            device["sensors"] for device in devices if isinstance(device, dict) and "sensors" in device
        ]
        return {
            name: facts["last"]
            for found in sensors
            if isinstance(found, dict)
            for name, facts in found.items()
            if isinstance(facts, dict) and isinstance(facts.get("last"), dict)
        }

    def _answers(self, senders: list[str], method: str, deadline: float) -> list[Outcome]:
        """What each has answered by then."""
        asked = [self._ask(sender, method, deadline) for sender in senders]
        for each in asked:
            each.done.wait(max(0.0, deadline - time.monotonic()))
        late = Outcome(error="timeout", message="it has not answered in time")
        return [each.outcome or late for each in asked]

    def _ask(self, sender: str, method: str, deadline: float) -> _Asked:
        with self._lock:
            asked = self._asked.get((sender, method))
            if asked is not None:
                return asked
            asked = self._asked[sender, method] = _Asked()
        if not self._pool.submit(self._job(sender, method, deadline, asked)):
            self._settle(sender, method, asked, Outcome(error="busy", message="too many senders"))
        return asked

    def _job(self, sender: str, method: str, deadline: float, asked: _Asked) -> Callable[[], None]:
        def ask() -> Any:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise sig.RequestTimeout("it was not asked: the others took too long")
            return self._source.request(sender, method, remaining)

        return lambda: self._settle(sender, method, asked, outcome_of(ask))

    def _settle(self, sender: str, method: str, asked: _Asked, outcome: Outcome) -> None:
        with self._lock:
            del self._asked[sender, method]
        asked.outcome = outcome
        asked.done.set()


def _entry(sender: Listed, last: Outcome, info: Any, kept: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        **sender._asdict(),
        "last": last.response if sender.connected else None,
        "quality": None,
        "reason": None,
        "warning": _text(info, "warning"),
        "kind": _text(info, "kind"),
        "link": _text(info, "link"),
        "thresholds": _thresholds(info),
        "decimals": decimals_of_source(info),
    }
    if not sender.connected:
        why = entry["reason"] = last.message if last.error == sig.NotConnected.error else None
        if (reading := kept.get(sender.sender)) is not None:
            entry["quality"] = "stale"
            entry["last"] = {**reading, "quality": "stale", "reason": why or "the sensor is not connected"}
    elif entry["last"] is not None:
        entry.update(quality=_text(entry["last"], "quality"), reason=_text(entry["last"], "reason"))
    elif (fault := _text(info, "fault")) is not None:
        entry.update(quality="stale", reason=fault)
    return entry


def _text(answer: object, key: str) -> str | None:
    """What an answer has there, if it is a text: a sender that is no sensor may say anything."""
    text = answer.get(key) if isinstance(answer, dict) else None
    return text if isinstance(text, str) else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _thresholds(info: object) -> dict[str, float]:
    found = info.get("thresholds") if isinstance(info, dict) else None
    if not isinstance(found, dict):
        return {}
    return {event: limit for event, limit in found.items() if isinstance(event, str) and _number(limit)}
