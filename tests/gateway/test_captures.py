"""Captures as requests, with a clock of the test's own."""

from typing import Any

import pytest

import sig
from drivers.stream.tap import FORGOTTEN_S, NOTE, READ, WRITTEN, Tap
from gateway.captures import MOST, Captures, Tapped
from tests.support.fake_clock import FakeClock

ABOUT = {"port": "/dev/ttyACM0", "baud": 9600, "protocol": "text"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tap() -> Tap:
    return Tap()


@pytest.fixture
def captures(clock: FakeClock, tap: Tap) -> Captures:
    """Of a link with a port, and one without."""
    return Captures({"board": Tapped(tap, ABOUT), "kernel": None}, clock)


def test_from_the_beginning_to_the_end(captures: Captures, tap: Tap, clock: FakeClock) -> None:
    """What the link is, then pieces with seconds since then; after the end there is no such capture."""
    tap.told(clock.monotonic(), READ, b"before")
    begun = captures.request({"link": "board"})
    number = begun.pop("capture")
    assert begun.pop("time").endswith("Z")
    assert begun == {"link": "board", **ABOUT}
    tap.told(clock.monotonic() + 0.5, READ, b"a\n")
    tap.told(clock.monotonic() + 0.75, WRITTEN, b"b")
    tap.told(clock.monotonic() + 1.0, NOTE, "port closed: °".encode())
    assert captures.request({"capture": number}) == {
        "pieces": [[0.5, "<", "610a"], [0.75, ">", "62"], [1.0, "#", "port closed: °"]],
        "over": False,
    }
    tap.told(clock.monotonic() + 1.5, READ, b"c")
    assert captures.request({"capture": number, "end": True}) == {"pieces": [[1.5, "<", "63"]], "over": True}
    assert tap.listeners == ()
    with pytest.raises(sig.BadParams, match=f"there is no capture {number}"):
        captures.request({"capture": number})


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"link": "bord"}, "no link 'bord'; links are: board, kernel"),
        ({"link": "kernel"}, "link kernel has no port"),
        ({"capture": 7}, "there is no capture 7"),
        (None, "expected"),
        ({}, "expected"),
        ({"link": 5}, "expected"),
        ({"link": "board", "x": 1}, "expected"),
        ({"capture": "1"}, "expected"),
        ({"capture": True}, "expected"),
        ({"capture": 1, "end": "yes"}, "expected"),
        ({"capture": 1, "x": 1}, "expected"),
        ([1], "expected"),
    ],
)
def test_bad_params(captures: Captures, params: Any, why: str) -> None:
    """What was expected, and what there is."""
    with pytest.raises(sig.BadParams, match=why):
        captures.request(params)


def test_no_more_than_some_at_a_time(captures: Captures, tap: Tap, clock: FakeClock) -> None:
    """Those that were forgotten make room."""
    numbers = [captures.request({"link": "board"})["capture"] for _ in range(MOST)]
    with pytest.raises(sig.Busy, match=f"{MOST} captures"):
        captures.request({"link": "board"})
    clock.advance(FORGOTTEN_S + 0.1)
    captures.request({"capture": numbers[0]})
    captures.request({"link": "board"})
    assert len(tap.listeners) == 2
    with pytest.raises(sig.BadParams):
        captures.request({"capture": numbers[1]})


def test_close_ends_all(captures: Captures, tap: Tap) -> None:
    """Nobody listens any more."""
    captures.request({"link": "board"})
    captures.close()
    assert tap.listeners == ()
