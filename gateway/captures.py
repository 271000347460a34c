"""Captures: what goes over a link's port, handed out piece by piece to whoever asked for it.

A capture begins with `{"link": NAME}`, is fetched with `{"capture": NUMBER}` some times a second, and ends
with `{"capture": NUMBER, "end": true}`. What is not fetched in time is missed, counted and noted; a capture
that nobody fetches any more ends by itself (`drivers.stream.tap.FORGOTTEN_S`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import sig
from drivers.clock import Clock
from drivers.reading import format_utc
from drivers.stream.tap import NOTE, Piece, Recorder, Tap

# Each may hold half a megabyte (see `drivers.stream.tap`); a person makes one at a time.
MOST = 4


@dataclass(frozen=True, slots=True)
class Tapped:
    """A link whose bytes can be captured: `about` is what a capture says of it first."""

    tap: Tap
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Capture:
    link: str
    recorder: Recorder
    began: float


class Captures:
    """`links`: by name, None for one that has no port. Methods are for any thread."""

    def __init__(self, links: Mapping[str, Tapped | None], clock: Clock) -> None:
        self._links = links
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._captures: dict[int, _Capture] = {}

    def request(self, params: Any) -> dict[str, Any]:
        """The request `capture`. Raises `sig.BadParams`, `sig.Busy`."""
        given = params if isinstance(params, dict) else {}
        if isinstance(given.get("link"), str) and given.keys() == {"link"}:
            return self._begin(given["link"])
        number, end = given.get("capture"), given.get("end", False)
        if type(number) is int and isinstance(end, bool) and given.keys() <= {"capture", "end"}:
            return self._fetch(number, end=end)
        raise sig.BadParams(
            'capture: expected {"link": NAME}, then {"capture": NUMBER}, at last {"capture": NUMBER, '
            f'"end": true}}, got {params!r:.100}'
        )

    def close(self) -> None:
        """End all."""
        self._end_those(lambda _capture: True)

    def end_of(self, links: Container[str]) -> None:
        """End those of links that go."""
        self._end_those(lambda capture: capture.link in links)

    def _begin(self, link: str) -> dict[str, Any]:
        if link not in self._links:
            raise sig.BadParams(f"capture: no link {link!r}; links are: {', '.join(self._links) or 'none'}")
        tapped = self._links[link]
        if tapped is None:
            raise sig.BadParams(f"capture: link {link} has no port, and so no bytes to capture")
        now = self._clock.monotonic()
        self._end_those(lambda capture: capture.recorder.forgotten(now))
        with self._lock:
            if len(self._captures) >= MOST:
                raise sig.Busy(f"capture: {MOST} captures are being made already; end one of them")
            number = next(self._numbers)
            self._captures[number] = _Capture(link, Recorder(tapped.tap, now), now)
        return {"capture": number, "link": link, "time": format_utc(self._clock.utc()), **tapped.about}

    def _fetch(self, number: int, *, end: bool) -> dict[str, Any]:
        with self._lock:
            capture = self._captures.get(number)
            if end:
                self._captures.pop(number, None)
        if capture is None:
            raise sig.BadParams(
                f"capture: there is no capture {number}; one that is not fetched ends by itself"
            )
        if end:
            capture.recorder.stop()
        pieces = capture.recorder.take(self._clock.monotonic())
        return {
            "pieces": [_as_json(piece, capture.began) for piece in pieces],
            "over": capture.recorder.stopped,
        }

    def _end_those(self, which: Callable[[_Capture], bool]) -> None:
        with self._lock:
            ended = [number for number, capture in self._captures.items() if which(capture)]
            recorders = [self._captures.pop(number).recorder for number in ended]
        for recorder in recorders:
            recorder.stop()


def _as_json(piece: Piece, began: float) -> list[Any]:
    """`[seconds since the beginning, "<" or ">", bytes in hexadecimal]`, or `[seconds, "#", words]`."""
    seconds = round(max(0.0, piece.at - began), 6)
    return [seconds, piece.way, piece.data.decode() if piece.way == NOTE else piece.data.hex()]
