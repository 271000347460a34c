"""The contract itself: a source that does not keep to it is seen."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from drivers.contract import Rig, SourceContract
from drivers.source import Keeper
from tests.contract.memory import MemorySession, Thermometer


class Impatient(SourceContract):
    """Over sessions that a test makes."""

    noticed_s = 0.5
    left_s = 0.1

    def __init__(self, made: Callable[[Thermometer, Keeper], MemorySession]) -> None:
        self._made = made

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        rig = Thermometer()
        rig.made = self._made
        yield rig


def test_a_thread_that_is_left() -> None:
    """It is named."""
    ended = threading.Event()
    started: list[threading.Thread] = []

    def leaky(device: Thermometer, keeper: Keeper) -> MemorySession:
        started.append(threading.Thread(target=ended.wait, name="left-by-the-source"))
        started[-1].start()
        return MemorySession(device, keeper)

    try:
        with pytest.raises(AssertionError, match=r"left behind: threads .*left-by-the-source"):
            Impatient(leaky).test_measurements_arrive()
    finally:
        ended.set()
        for thread in started:
            thread.join()


def test_a_descriptor_that_is_left() -> None:
    """It is shown."""
    opened: list[int] = []

    def leaky(device: Thermometer, keeper: Keeper) -> MemorySession:
        opened.extend(os.pipe())
        return MemorySession(device, keeper)

    try:
        with pytest.raises(AssertionError, match=r"descriptors .*pipe:"):
            Impatient(leaky).test_measurements_arrive()
    finally:
        for descriptor in opened:
            with suppress(OSError):
                os.close(descriptor)


class Blind(MemorySession):
    """Never notices an unplug."""

    def gone(self) -> bool:
        """See `MemorySession`."""
        return False


def test_an_unplug_that_is_not_noticed() -> None:
    """The message says what was waited for."""
    with pytest.raises(AssertionError, match=r"waited 0.5 s in vain for an unplug to be noticed"):
        Impatient(Blind).test_an_unplug_while_up()


class Fixed(SourceContract):
    """Soldered."""

    unpluggable = False
    several = True


class Movable(Fixed):
    """What is left out of a class may fit the one below."""

    unpluggable = True

    def test_a_quick_replug(self) -> None:
        """One's own."""


def test_what_does_not_fit_is_left_out() -> None:
    """pytest does not collect it, and the class says which and why."""
    unpluggings = {name for name in SourceContract.fitting() if "unplug" in name or "presence_tells" in name}
    assert unpluggings | {"test_a_quick_replug"} == {
        name for name, why in Fixed.left_out.items() if why == "unpluggable"
    }
    assert not Fixed.left_out.keys() & set(Fixed.fitting())
    assert "test_an_unplug_while_up" in Movable.fitting()
    assert "test_an_unplug_while_up" in SourceContract.fitting()
    assert Movable.test_a_quick_replug.__doc__ == "One's own."
    assert "several" not in Fixed.left_out.values()
