"""Requests to senders of a fleet: zenoh's queries, with deadlines and sig's errors."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gateway.fleet.keys import ASK, SENDERS, Gateway, Name, parse_key
from sig.errors import BadParams, BadReply, NotConnected, RequestTimeout, from_wire

if TYPE_CHECKING:
    import zenoh

DEFAULT_S = 10.0
"""As of a ClientRouter."""
MOST_S = 3600.0


class NoAnswer(NotConnected):
    """Nobody answers for that sender, or who did went away before."""


def ask(session: zenoh.Session, name: Name, method: str, params: Any, timeout_s: float) -> Any:
    """The response. Waits for it on this thread. Raises NoAnswer, RequestTimeout, BadReply, BadParams (no
    JSON), and what the gateway says was raised there."""
    import zenoh

    if math.isnan(timeout_s):
        raise ValueError("timeout is a number of seconds, got nan")
    timeout_s = max(0.0, timeout_s)
    began = time.monotonic()
    # Waited for in zenoh: a function of ours on its thread would make the answer come a fifth later.
    replies = session.get(
        name.gateway.key(ASK),
        payload=_request(name, method, params, timeout_s),
        timeout=timeout_s,
        consolidation=zenoh.ConsolidationMode.NONE,
    )
    for reply in replies:
        if reply.ok is not None:
            return response(reply.ok.payload.to_string(), name, method)
    if time.monotonic() - began < timeout_s:
        raise NoAnswer(f"nobody answers for {name} now")
    raise RequestTimeout(f"no answer to '{method}' from {name} within {timeout_s:g} s")


def overview(session: zenoh.Session, timeout_s: float, scope: Sequence[Gateway]) -> dict[Gateway, Any]:
    """What each gateway of those patterns answers to `senders` in that time, all asked at once."""
    import zenoh

    replies: list[zenoh.Reply] = []
    answered = [threading.Event() for _ in scope]
    deadline = time.monotonic() + timeout_s
    for each, done in zip(scope, answered, strict=True):
        session.get(
            each.key(SENDERS),
            zenoh.handlers.Callback(replies.append, done.set, indirect=False),
            target=zenoh.QueryTarget.ALL,
            timeout=timeout_s,
            consolidation=zenoh.ConsolidationMode.NONE,
        )
    for done in answered:
        done.wait(max(0.0, deadline - time.monotonic()))
    found = {}
    for reply in tuple(replies):  # it may still grow
        key = None if reply.ok is None else parse_key(str(reply.ok.key_expr))
        if reply.ok is not None and key is not None:
            with suppress(ValueError, RecursionError):
                found[key.gateway] = json.loads(reply.ok.payload.to_string())
    return found


def response(text: str, name: Name, method: str) -> Any:
    """Of what a gateway has answered. Raises as `ask`."""
    try:
        answer = json.loads(text)
        status = answer["status"]
        if status == "ok":
            return answer["response"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BadReply(f"'{method}' of {name}: expected a response, got {text[:60]!r}") from None
    raise from_wire({**answer, "status": -2, "exception": answer.get("message")})


def _request(name: Name, method: str, params: Any, timeout_s: float) -> str:
    """See `gateway.fleet.answering`."""
    said = {"sender": name.sender, "method": method, "params": params, "timeout_s": timeout_s}
    try:
        return _encode(said)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadParams(f"params of '{method}' for {name}: expected what JSON can say ({error})") from None


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
