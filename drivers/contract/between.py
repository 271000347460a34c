"""A source of whoever is tested, with something of the test's before each step: an unplug, a defect."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from drivers.errors import LinkLostError, PortNotFoundError
from drivers.source import Device, Keeper, Session, Source

Hooks = Mapping[str, Callable[[], None]]
# Not of this package: what a library, the system or a defect may raise.
FOREIGN = (TypeError("foreign"), OSError("foreign"), RuntimeError("foreign"))


class Faults:
    """Raises each of `FOREIGN` once in `step`; `hooks` also see to it that the link comes there."""

    def __init__(self, step: str) -> None:
        self.left = list(FOREIGN)
        self.hooks: dict[str, Callable[[], None]] = {step: self.next}
        if step == "presence":
            self.hooks["open"] = lambda: self._unless_done(PortNotFoundError("not there, says the test"))
        elif step == "end":
            self.hooks["run"] = lambda: self._unless_done(LinkLostError("lost, says the test"))

    def next(self) -> None:
        """The step is taken."""
        if self.left:
            raise self.left.pop(0)

    def _unless_done(self, error: Exception) -> None:
        if self.left:
            raise error


class Between:
    """A source with `hooks` by the name of a step: called before it, but after `end` and `close`, so that
    what was opened is closed by then."""

    def __init__(self, source: Source, hooks: Hooks) -> None:
        self.where = source.where
        self._source = source
        self._hooks = hooks

    def open(self, keeper: Keeper) -> Session:
        """See `Source`."""
        _call(self._hooks, "open")
        return cast("Session", _SessionBetween(self._source.open(keeper), self._hooks))

    def presence(self) -> object:
        """See `Source`."""
        _call(self._hooks, "presence")
        return self._source.presence()

    def close(self) -> None:
        """See `Source`."""
        self._source.close()
        _call(self._hooks, "close")

    def device_of(self, channel: str) -> str:
        """See `Source`."""
        return self._source.device_of(channel)


class _SessionBetween:
    """A session with hooks; all else is the real one's."""

    def __init__(self, session: Session, hooks: Hooks) -> None:
        self._session = session
        self._hooks = hooks

    def greet(self, stopping: threading.Event) -> Sequence[Device]:
        """See `Session`."""
        _call(self._hooks, "greet")
        return self._session.greet(stopping)

    def run(self, stopping: threading.Event) -> None:
        """See `Session`."""
        _call(self._hooks, "run")
        self._session.run(stopping)

    def end(self, reason: str) -> None:
        """See `Session`."""
        self._session.end(reason)
        _call(self._hooks, "end")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _call(hooks: Hooks, step: str) -> None:
    if step in hooks:
        hooks[step]()
