"""A busy board, a gateway that hears it and may be killed, and what of it a subscriber must have got."""

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from tests.support.mosquitto import Subscriber
from tests.support.scripted_board import ScriptedBoard
from tests.support.waiting import until

WINDOW_S = 1.0
SLACK_S = 0.5
"""From a trigger to the bridge's thread, and for a disk and a machine that do a lot else."""
SENDERS = ("temp", "hum")


class Talking:
    """The board reports a hundred new values a second, or another number, temperature and humidity in
    turn."""

    def __init__(self, board: ScriptedBoard, per_second: float = 100.0) -> None:
        self._board = board
        self._pause_s = 1 / per_second
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._talk, name="talking-board")

    def _talk(self) -> None:
        due = time.monotonic()
        number = 0
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due += self._pause_s
            number += 1
            with self._turn:
                self._board.report(SENDERS[number % 2], f"{20 + number // 2 % 50}")

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing is reported inside; what could not be, is afterwards."""
        with self._turn:
            yield

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


class Life:
    """A gateway from its start to its kill, and a TCP client that notes the readings that it has accepted."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self.accepted: dict[int, float] = {}
        """When each came, by sequence number."""
        self._stack = contextlib.ExitStack()
        self.gateway = start()
        self.gateway.wait_for_error("listening on")
        client = self._stack.enter_context(self.gateway.client())
        for sender in SENDERS:
            client.addRemoteListener(self._note, sender, "#changed")

    def _note(self, _info: dict[str, Any], reading: dict[str, Any]) -> None:
        self.accepted[reading["seq"]] = time.monotonic()

    def accept(self, count: int) -> Self:
        """Wait until it has accepted so many."""
        until(lambda: len(self.accepted) >= count, timeout_s=count / 100 + 20)
        return self

    def kill(self) -> set[int]:
        """kill -9; returns what must not be lost."""
        self.gateway.signal(signal.SIGKILL)
        killed = time.monotonic()
        self._stack.close()
        return {seq for seq, at in self.accepted.items() if at < killed - WINDOW_S - SLACK_S}


def numbers(seen: Subscriber) -> set[int]:
    """The sequence numbers of the readings that have come."""
    return {event["seq"] for sender in SENDERS for event in received(seen, sender)}


def received(seen: Subscriber, sender: str) -> list[dict[str, Any]]:
    """The readings of a sender of the gateway `test`, in the order in which they came."""
    return [json.loads(payload) for payload in seen.payloads(f"sig/test/{sender}/event/changed")]


def check(events: list[dict[str, Any]], late: int) -> None:
    """One id for each event; the live ones and the late ones each in order; so many late ones or more."""
    ids: dict[str, int] = {}
    for event in events:
        assert ids.setdefault(event["id"], event["seq"]) == event["seq"], "one id, one event"
    assert len(set(ids.values())) == len(ids), "one event, one id"
    for mark in (False, True):
        first_seen = list(dict.fromkeys(e["seq"] for e in events if e.get("late", False) is mark))
        assert first_seen == sorted(first_seen)
    assert sum("late" in event for event in events) >= late
