"""Whether another gateway of our name publishes diagnostics."""

import json
from typing import Any

import pytest

from gateway.mqtt.doubles import MAX_OTHERS, Doubles


def said(instance: str | None = "other", uptime: Any = 60, **more: Any) -> bytes:
    keys = {} if instance is None else {"instance": instance}
    return json.dumps({"time": "2026-11-22T06:30:00.000Z", **keys, "uptime": uptime, **more}).encode()


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"[" * 100_000, b"\xff", said(None), said("ours")])
def test_ours_and_nonsense(payload: bytes) -> None:
    """Are nobody else's."""
    doubles = Doubles("ours")
    doubles.born()
    assert not doubles.is_one(payload, retained=False)
    assert not doubles.is_one(payload, retained=True)


def test_who_publishes_now_is_one() -> None:
    """Whatever clock it has."""
    assert Doubles("ours").is_one(said(), retained=False)


def test_an_earlier_run_of_ours_is_none() -> None:
    """Its diagnostics are there when we come; also when the broker has them again after its own restart, in
    place of ours, and whatever a clock says that was set meanwhile."""
    doubles = Doubles("ours")
    old = said(time="2031-01-01T00:00:00.000Z")
    assert not doubles.is_one(old, retained=True)
    doubles.born()
    assert not doubles.is_one(old, retained=True)
    assert not doubles.is_one(said(uptime=59, lost=1), retained=True), "older still"
    assert not doubles.is_one(old, retained=True)


def test_who_has_published_in_our_place_is_one() -> None:
    """While we were away: it was not there before, or goes on."""
    doubles = Doubles("ours")
    assert not doubles.is_one(said("first"), retained=True)
    doubles.born()
    assert doubles.is_one(said("second", 0), retained=True)
    assert doubles.is_one(said("first", 61), retained=True)
    assert doubles.is_one(said("first", 61, published=5), retained=True), "within the same second"
    assert not doubles.is_one(said("first", 61, published=5), retained=True)


def test_an_uptime_that_is_none() -> None:
    """Of a version that had none, or of anybody: only what changes tells."""
    doubles = Doubles("ours")
    assert not doubles.is_one(said(uptime="long"), retained=True)
    assert not doubles.is_one(said(uptime="long"), retained=True)
    assert doubles.is_one(said(uptime=None), retained=True)


def test_bounded() -> None:
    """Of many instances the last are remembered."""
    doubles = Doubles("ours")
    for number in range(MAX_OTHERS + 1):
        doubles.is_one(said(str(number)), retained=True)
    doubles.born()
    assert not doubles.is_one(said(str(MAX_OTHERS)), retained=True)
    assert not doubles.is_one(said("1"), retained=True)
    assert doubles.is_one(said("0"), retained=True), "forgotten, so it is new"
