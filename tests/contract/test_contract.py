"""The contract itself: a source that does not keep to it is seen."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest

from drivers.contract import Rig, SourceContract
from drivers.source import Keeper, Measurement
from tests.contract.memory import MemorySession, Thermometer
from tests.contract.memory_pair import PairOfThermometers, PairSession


class Impatient(SourceContract):
    """Over sessions that a test makes."""

    noticed_s = 2.0
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
    with pytest.raises(AssertionError, match=r"waited 2 s in vain for an unplug to be noticed"):
        Impatient(Blind).test_an_unplug_while_up()


class OfTwo(SourceContract):
    """Over a pair whose sessions a test makes."""

    noticed_s = gone_s = 2.0
    waits = several = True

    def __init__(self, made: type[PairSession]) -> None:
        self._made = made

    @contextmanager
    def rig(self) -> Iterator[Rig]:
        """See `SourceContract`."""
        rig = PairOfThermometers()
        rig.made = self._made
        yield rig


class OfLate(PairSession):
    """A read is answered with what was measured before."""

    def exchange(self, *_: object) -> object:
        """See `PairSession`."""
        return Measurement(PairOfThermometers.channel, 1, 21.5, None, 0.0)


def test_a_read_that_is_answered_with_an_old_value() -> None:
    """A source that waits for the next value may not have it already."""
    with pytest.raises(AssertionError, match=r"answered with a value from before: .*measured=0\.0"):
        OfTwo(OfLate).test_a_listener_may_ask_back()


class AllGo(PairSession):
    """When one device goes, all are said to go."""

    def tell(self, there: Mapping[str, int]) -> None:
        """See `PairSession`."""
        super().tell(there if len(there) == len(self.told) else {})


def test_a_device_that_takes_the_other_with_it() -> None:
    """Each goes by itself."""
    with pytest.raises(AssertionError, match=r"one of 2 devices is gone, and the link has set\(\)"):
        OfTwo(AllGo).test_one_goes_and_comes_again()


class Silent(PairSession):
    """No device is ever said to be gone."""

    def tell(self, there: Mapping[str, int]) -> None:
        """See `PairSession`."""


def test_a_device_whose_going_is_not_told() -> None:
    """The message says who was to hear of it."""
    with pytest.raises(AssertionError, match=r"in vain for link_down at a sink of out/temp"):
        OfTwo(Silent).test_a_read_of_one_that_is_gone()


class Fixed(SourceContract):
    """Soldered."""

    unpluggable = False
    several = True
    unfit = {"test_measurements_arrive": "it has not been soldered yet"}


class Movable(Fixed):
    """What is left out of a class may fit the one below."""

    unpluggable = True
    unfit = {}

    def test_a_quick_replug(self) -> None:
        """One's own."""


def test_what_does_not_fit_is_left_out() -> None:
    """pytest does not collect it, and the class says which and why."""
    unpluggings = {name for name in SourceContract.fitting() if "unplug" in name or "presence_tells" in name}
    assert unpluggings | {"test_a_quick_replug"} == {
        name for name, why in Fixed.left_out.items() if why == "unpluggable is False"
    }
    assert Fixed.left_out["test_measurements_arrive"] == "it has not been soldered yet"
    assert "test_measurements_arrive" in Movable.fitting()
    assert not Fixed.left_out.keys() & set(Fixed.fitting())
    assert "test_an_unplug_while_up" in Movable.fitting()
    assert "test_an_unplug_while_up" in SourceContract.fitting()
    assert Movable.test_a_quick_replug.__doc__ == "One's own."
    assert "several is False" not in Fixed.left_out.values()
