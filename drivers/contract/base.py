"""What the tests of the contract share: which of them fit a source, and a link over it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, TypeVar

import sig
from drivers.contract.asking import Asked, Taker
from drivers.contract.rig import Rig
from drivers.contract.waiting import nothing_left, until
from drivers.link import Link, LinkState
from drivers.source import Measurement

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*attributes: str) -> Callable[[Test], Test]:
    """Marks a test that fits only where each of the class's `attributes` is true."""

    def marked(test: Test) -> Test:
        test.needs = attributes  # type: ignore[attr-defined]
        return test

    return marked


class Contract:
    """What kind of source it is, and how long it may take, in seconds; a subclass says what differs."""

    unpluggable: ClassVar[bool] = True
    """Whether the device can be unplugged."""
    tells_presence: ClassVar[bool] = True
    """Whether `presence` sees an unplug, and not only that whatever was opened fails."""
    can_read: ClassVar[bool] = True
    """Whether a live read of the rig's channels is answered."""
    waits: ClassVar[bool] = False
    """Whether that is not asked of the device, but waits for the next value that it delivers by itself."""
    several: ClassVar[bool] = False
    """Whether there are several devices behind the source: then the rig is a `RigOfSeveral`."""

    noticed_s: ClassVar[float] = 5.0
    """An unplug is noticed, and whoever waits for an answer told of it, within so long."""
    gone_s: ClassVar[float] = 20.0
    """One device of several is known to be gone, or to be there again, within so long."""
    up_s: ClassVar[float] = 20.0
    """A device that is there is up within so long, whatever was before."""
    closed_s: ClassVar[float] = 5.0
    """A link is closed within so long."""
    left_s: ClassVar[float] = 5.0
    """Threads and descriptors of a test are gone within so long."""

    unfit: ClassVar[Mapping[str, str]] = {}
    """More tests that do not fit, and why: for what no attribute here says."""
    left_out: ClassVar[dict[str, str]] = {}
    """The tests that do not fit, and why: `unfit`, or the attribute that is False. They are None in the
    class."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.left_out = {}
        for name, test in _tests(cls).items():
            if name in vars(cls):
                continue  # defined here, for others to inherit; or a subclass's own
            unmet = [f"{need} is False" for need in getattr(test, "needs", ()) if not getattr(cls, need)]
            why = cls.unfit.get(name, unmet[0] if unmet else None)
            if why is not None:
                cls.left_out[name] = why
                setattr(cls, name, None)
            elif getattr(cls, name) is None:  # left out of the class above
                setattr(cls, name, test)

    @classmethod
    def fitting(cls) -> list[str]:
        """The names of the tests that fit."""
        return [name for name in dir(cls) if name.startswith("test_") and getattr(cls, name) is not None]

    def rig(self) -> AbstractContextManager[Rig]:
        """The one thing to provide."""
        raise NotImplementedError("rig() makes the source that is to be tested, and its device")

    @contextmanager
    def _prepared(self) -> Iterator[Any]:
        with nothing_left(self.left_s), self.rig() as rig:
            yield rig

    @contextmanager
    def _linked(self, rig: Rig, *others: str) -> Iterator[tuple[Link, Taker, list[Taker]]]:
        """A link that is up, who takes the rig's channel, and who takes `others`."""
        link = Link("contract", source=rig.source())
        taker, *rest = takers = [Taker(channel, link) for channel in (rig.channel, *others)]
        for each in takers:
            link.add(each)
        with self._opened(link):
            self._up(link)
            for each in takers:
                until(lambda: each.ups, self.up_s, f"link_up at a sink of {each.channel}", link)  # noqa: B023 - at once
            yield link, taker, rest

    @contextmanager
    def _opened(self, link: Link) -> Iterator[None]:
        link.open()
        try:
            yield
        finally:
            closing = threading.Thread(target=link.close, name="contract-close", daemon=True)
            closing.start()
            closing.join(self.closed_s)
            assert not closing.is_alive(), (
                f"the link is not closed after {self.closed_s:g} s: {link.status()}"
            )
        assert link.status().state is LinkState.CLOSED, link.status()

    def _up(self, link: Link) -> None:
        until(lambda: link.status().state is LinkState.UP, self.up_s, "a link that is up", link)

    def _down(self, link: Link) -> None:
        """The link knows that nobody is there."""
        down = (LinkState.ABSENT, LinkState.FAILED)
        until(lambda: link.status().state in down, self.noticed_s, "an unplug to be noticed", link)

    def _pump(self, measure: Callable[[], None]) -> Callable[[], None] | None:
        """What to do while a read is out."""
        return measure if self.waits else None

    def _check(self, channel: str, reads: Sequence[Asked], what: str) -> None:
        """Each was answered, live, or failed with an error of `sig`'s; and one at least was answered."""
        for called, outcome in reads:
            if not isinstance(outcome, Measurement):
                assert isinstance(outcome, sig.RequestError), (
                    f"{what}: a sig error was expected, got {outcome!r}"
                )
                continue
            assert self.can_read, f"{what} was answered with {outcome} though can_read is False"
            assert outcome.channel == channel, f"{what} of {channel} was answered with {outcome}"
            if not self.waits:
                assert outcome.asked is not None, (
                    f"the answer to {what} says not when it was asked: {outcome}; if it waits for the next "
                    "value, say so: waits = True"
                )
            elif outcome.asked is None:
                assert outcome.measured >= called, (
                    f"{what} at {called:.3f} was answered with a value from before: {outcome}"
                )
        answered = any(isinstance(each.outcome, Measurement) for each in reads)
        assert answered or not self.can_read, f"no answer at all to {what}: {reads[-1].outcome!r}"


def _tests(cls: type[Contract]) -> dict[str, Any]:
    """All tests by name, those that are left out somewhere too."""
    return {
        name: test
        for base in reversed(cls.__mro__)
        for name, test in vars(base).items()
        if name.startswith("test_") and test is not None
    }
