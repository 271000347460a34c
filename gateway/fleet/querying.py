"""What is asked of one gateway without waiting: a page of its events, or who is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.fleet.declaring import once
from gateway.fleet.follower import Ask
from gateway.fleet.keys import EVENTS, Gateway

if TYPE_CHECKING:
    import zenoh


def query(
    session: zenoh.Session,
    selector: str,
    timeout_s: float,
    heard: Callable[[bytes], object],
    end: Callable[[], object],
) -> None:
    """`heard` is called with each answer, `end` once, when no more will come: on zenoh's threads, or on this
    one where it could not be asked. Raises what zenoh does; `end` was called then as well."""
    import zenoh

    ended = once(end)

    def take(reply: zenoh.Reply) -> None:
        if reply.ok is not None:
            heard(reply.ok.payload.to_bytes())

    try:
        session.get(
            selector,
            zenoh.handlers.Callback(take, ended, indirect=False),
            timeout=timeout_s,
            consolidation=zenoh.ConsolidationMode.NONE,
        )
    except BaseException:
        ended()
        raise


def selector_of(gateway: Gateway, ask: Ask) -> str:
    """Of that page."""
    parameters = [f"after={ask.after}"] if ask.after is not None else []
    parameters += [f"before={ask.before}"] if ask.before is not None else []
    return gateway.key(EVENTS) + (f"?{';'.join(parameters)}" if parameters else "")
