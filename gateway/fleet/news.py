"""What becomes known of a fleet: who comes and goes, what each offers, and what is said. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from gateway.fleet.follower import Step
from gateway.fleet.keys import Gateway


class Offer(NamedTuple):
    """What a sender has; `requests` None: it answers none, or it is not known."""

    events: tuple[str, ...] = ()
    requests: tuple[str, ...] | None = None


class Came(NamedTuple):
    """A sender is there; or, of one that was, offers something else now."""

    gateway: Gateway
    sender: str
    offer: Offer


class Gone(NamedTuple):
    """A sender is not there any more."""

    gateway: Gateway
    sender: str


class Up(NamedTuple):
    """A gateway is there, or not any more."""

    gateway: Gateway
    there: bool


class Forgotten(NamedTuple):
    """A gateway has been away for so long that nothing of it is remembered."""

    gateway: Gateway


class Reached(NamedTuple):
    """We have a router, or none any more."""

    there: bool


class Happened(NamedTuple):
    """An event, or a loss, of a gateway's."""

    gateway: Gateway
    step: Step


News = Came | Gone | Up | Forgotten | Reached | Happened


def offers_of(answer: Any) -> dict[str, Offer]:
    """Of a gateway's answer to `senders`. Raises ValueError for anything else."""
    try:
        return {
            str(each["sender"]): Offer(
                tuple(map(str, each.get("events") or ())),
                None if each.get("requests") is None else tuple(map(str, each["requests"])),
            )
            for each in (answer if isinstance(answer, list) else answer["senders"])
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"expected a gateway's senders, got {answer!r:.60} ({error!r})") from None
