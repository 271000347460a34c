"""`watch`: events as they come, one a line."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from queue import Full, Queue
from typing import Any

import sig
from gateway.cli.client import Remote, anywhere, complain, to_json
from gateway.cli.event_lines import is_number, is_reading, line_for_people
from gateway.cli.over_fleet import check_name, is_fleet, of_pattern, why_nobody
from gateway.decimals import Shown, decimals_of_source
from gateway.plain import plain

WAITING_EVENTS = 1000
"""What may wait to be printed. When nobody reads our output, we stop reading from the gateway."""

_OF_SENSORS = ("#changed", "#stale", "#late", "#gap")
"""What each sensor has, once it is there."""
INFO_WITHIN_S = 2.0
"""What a sender has to say how fine its values are; events wait meanwhile."""

Event = tuple[Mapping[str, Any], Any]


def watch(
    url: str, token: str | None, sender: str | None, event: str | None, *, as_json: bool, count: int | None
) -> int:
    """Print events until `count` of them are printed; Ctrl-C ends it with exit status 130."""
    pattern = check_name(url, sender, pattern=True)
    what = "the fleet" if is_fleet(url) else "the gateway"
    gone = f"the gateway at {url} went away; trying again until it is back"
    if is_fleet(url):
        gone = "no router of the fleet is there now; trying again until one is"
    events: Queue[Event] = Queue(WAITING_EVENTS)
    enough = threading.Event()

    def take(info: Mapping[str, Any], data: Any) -> None:
        while not enough.is_set():
            with contextlib.suppress(Full):
                events.put((info, data), timeout=0.2)
                return

    def coming(info: Mapping[str, Any], _data: Any) -> None:
        if not enough.is_set():  # else it is we who go
            _note_coming(info)

    def lost() -> None:
        _note(gone)

    try:
        with anywhere(url, token, on_lost=lost, on_back=lambda: _note(f"{what} is back")) as client:
            nobody = why_nobody(client) if is_fleet(url) else ""
            told = _tell_of_absence(client, sender, event, pattern=pattern, nobody=nobody)
            if not client.addRemoteListener(take, sender, event):
                _note(told or f"{sender} does not have the event {event}; see `sig-gateway senders`")
                return 1
            if told is not None:
                _note(f"{told}; waiting for it")
            if event not in (None, sig.EVENT_CONNECT, sig.EVENT_DISCONNECT):
                client.addRemoteListener(coming, sender, sig.EVENT_CONNECT)
                client.addRemoteListener(coming, sender, sig.EVENT_DISCONNECT)
            try:
                _print_events(events, _Lines(client), as_json=as_json, count=count)
            finally:
                enough.set()
    except sig.RequestError as error:
        return complain(error)
    return 0


class _Lines:
    """Events as lines for people, each value with its sensor's decimals."""

    def __init__(self, client: Remote) -> None:
        self._client = client
        self._shown = Shown()
        self._of_source: dict[str, int | None] = {}

    def line(self, sender: str, event: str, data: Any) -> str:
        """See `line_for_people`."""
        if event == sig.EVENT_CONNECT:  # it may be another board
            self._of_source.pop(sender, None)
        decimals = 0
        if is_reading(data) and is_number(data["value"]):
            decimals = self._shown.decimals(sender, data["value"], self._source_of(sender))
        return line_for_people(sender, event, data, decimals, datetime.now(UTC))

    def _source_of(self, sender: str) -> int | None:
        if sender not in self._of_source:
            try:
                info = self._client.remoteRequest(sender, "info", timeout=INFO_WITHIN_S)
            except sig.RequestTimeout:  # it may know next time
                return None
            except sig.RequestError:
                info = None
            self._of_source[sender] = decimals_of_source(info)
        return self._of_source[sender]


def _print_events(events: Queue[Event], lines: _Lines, *, as_json: bool, count: int | None) -> None:
    printed = 0
    while count is None or printed < count:
        info, data = events.get()
        if as_json:
            line = to_json({"sender": info["sender"], "event": info["event"], "data": data})
        else:
            line = lines.line(info["sender"], info["event"], data)
        print(line, flush=True)
        printed += 1


def _tell_of_absence(
    client: Remote, sender: str | None, event: str | None, *, pattern: bool, nobody: str
) -> str | None:
    """Say that a sender, or all that a pattern stands for, is not there, or not yet; `nobody`: why nobody is,
    if that is so. Returns what is wrong with the event, if anything seems so: a sender may come that has it.
    """
    if nobody:
        _note(f"{nobody}; waiting")
        return None
    listed = client.listRemoteSenders(list_events=True)
    known = {entry["sender"]: entry["connected"] for entry in listed}
    if sender is not None and pattern:
        listed = of_pattern(sender, listed)
        if not any(entry["connected"] for entry in listed):
            _note(f"nobody is there now that {sender} stands for; waiting")
        sender = None
    elif sender is not None and sender not in known:
        near = get_close_matches(sender, known, n=1)
        others = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(known)) or 'none'}"
        _note(f"there is no sender {sender} yet ({others}); waiting for it")
    elif sender is not None and not known[sender]:
        _note(f"{sender} is not connected now; waiting for it")
    asked = [entry for entry in listed if sender in (None, entry["sender"])]
    events = {each["event"] for entry in asked for each in entry.get("events", ())}
    return None if event is None else event_problem(event, events, sender)


def event_problem(event: str, events: Collection[str], sender: str | None) -> str | None:
    """`temp does not have the event changed; did you mean '#changed'? …` of one that is neither one of
    `events`, those that `sender` (None: any) declares now, nor one that every sender has."""
    known = {*events, sig.EVENT_CONNECT, sig.EVENT_DISCONNECT}
    if event in known or (not events and event in _OF_SENSORS):
        return None
    likely = sorted({*known, *_OF_SENSORS} - {event})
    near = [f"#{event}"] if f"#{event}" in likely else get_close_matches(event, likely, n=1)
    if not events and not near:  # it is not there, and may have any
        return None
    text = f"{sender or 'no sender'} {'does not have' if sender else 'has'} the event {event}"
    text += f"; did you mean '{near[0]}'?" if near else ""
    return f"{text}{'' if near else ';'} events are: {', '.join(sorted(known))}"


def _note_coming(info: Mapping[str, Any]) -> None:
    """Only the event that was asked for goes to stdout; a sender's coming and going is still worth a word."""
    went = info["event"] == sig.EVENT_DISCONNECT
    _note(f"{info['sender']} {'disconnected' if went else 'connected'}")


def _note(text: str) -> None:
    print(plain(f"sig-gateway: {text}"), file=sys.stderr, flush=True)
