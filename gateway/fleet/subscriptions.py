"""What is subscribed to on a session: events and heads of the gateways that are wanted, within a scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gateway.fleet.declaring import direct, undeclare
from gateway.fleet.keys import ANY, EVENTS, Gateway

if TYPE_CHECKING:
    import zenoh


class Subscriptions:
    """`scope`: which sites are seen, as patterns. `heard`: called on zenoh's threads. Of one thread; all ends
    with the session."""

    def __init__(
        self, session: zenoh.Session, scope: Sequence[Gateway], heard: Callable[[zenoh.Sample], object]
    ) -> None:
        self._session = session
        self._scope = scope
        self._heard = heard
        self._declared: dict[Gateway, Any] = {}

    def follow(self, wanted: Iterable[Gateway]) -> set[Gateway]:
        """Those, or patterns of them, from now on. Returns what of them is in scope."""
        patterns = {each for pattern in wanted for each in _within(pattern, self._scope)}
        self._subscribe({each for each in patterns if not _covered(each, patterns)})
        return patterns

    def _subscribe(self, wanted: set[Gateway]) -> None:
        for pattern in wanted - self._declared.keys():
            self._declared[pattern] = self._session.declare_subscriber(
                pattern.key(EVENTS), direct(self._heard)
            )
        for pattern in self._declared.keys() - wanted:
            undeclare(self._declared.pop(pattern))


def _within(pattern: Gateway, scope: Iterable[Gateway]) -> Iterable[Gateway]:
    """What of it is at those sites."""
    for site, _ in scope:
        if site in (ANY, pattern.site):
            yield pattern
        elif pattern.site == ANY:
            yield pattern._replace(site=site)


def _covered(pattern: Gateway, patterns: Iterable[Gateway]) -> bool:
    """Whether another of them has all of it."""
    return any(other != pattern and other.covers(pattern) for other in patterns)
