"""What anybody outside can have logged any number of times."""

from __future__ import annotations

import pytest

import sig
from sig.log import Repeated
from tests.sig.netkit import Logged


class Time:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def repeated(time: Time, logged: Logged) -> Repeated:
    return Repeated(time)


def texts(logged: Logged) -> list[str]:
    """What was logged, taken."""
    found = []
    while not logged.texts.empty():
        found.append(logged.texts.get())
    return found


def test_the_first_at_once_then_a_count_a_minute(repeated: Repeated, time: Time, logged: Logged) -> None:
    """With the last text, how often, and the last three who did it, each once."""
    repeated.note("k", "first", "a")
    assert texts(logged) == ["first"]
    for number in range(1000):
        repeated.note("k", f"text {number}", "xabac"[number % 5])
        repeated.tell()
    assert texts(logged) == []
    time.now += 59.9
    repeated.tell()
    assert texts(logged) == []
    time.now += 0.1
    repeated.tell()
    assert texts(logged) == ["text 999 (1000 more in 60 s, the last from b, a, c)"]


def test_while_it_goes_on_each_minute_has_one_line(repeated: Repeated, time: Time, logged: Logged) -> None:
    """And none once nothing comes any more; what comes after a quiet minute is told at once again."""
    repeated.note("k", "first", "a")
    for _ in range(3):
        repeated.note("k", "again", "a")
        time.now += 60
        repeated.tell()
    assert texts(logged) == ["first", *["again (1 more in 60 s, the last from a)"] * 3]
    time.now += 60
    repeated.tell()
    repeated.note("k", "anew", "a")
    assert texts(logged) == ["anew"]


def test_each_kind_for_itself(repeated: Repeated, logged: Logged) -> None:
    """And of some kinds more than one is told at once."""
    repeated.note("k", "k1", "a")
    for number in range(5):
        repeated.note("few", f"few{number}", "a", at_once=3)
    assert texts(logged) == ["k1", "few0", "few1", "few2"]
    repeated.tell(early=True)
    assert texts(logged) == ["few4 (2 more in 0 s, the last from a)"]
    repeated.note("k", "k2", "a")
    assert texts(logged) == ["k2"]


def test_a_new_logger_has_been_told_nothing() -> None:
    """`setup_logger` begins anew."""
    first, second = Logged(), Logged()
    sig.setup_logger(first)
    sig.log.repeated.note("k", "text", "a")
    sig.setup_logger(second)
    sig.log.repeated.note("k", "text", "a")
    assert (texts(first), texts(second)) == (["text"], ["text"])


def test_it_warns(time: Time) -> None:
    """At the level that everybody shows."""
    levels: list[str] = []

    class Levels:
        def __getattr__(self, name: str) -> object:
            return lambda _text: levels.append(name)

    sig.setup_logger(Levels())
    repeated = Repeated(time)
    repeated.note("k", "text", "a")
    repeated.note("k", "text", "a")
    repeated.tell(early=True)
    assert levels == ["warning", "warning"]
