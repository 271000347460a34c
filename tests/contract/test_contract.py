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
