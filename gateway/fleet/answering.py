"""Answers to a request that came over the fleet: one sender is asked, in the time that its caller has.

What goes over the wire is JSON, as in `gateway.fleet.asking`: `{"sender": …, "method": …, "params"?: …,
"timeout_s"?: …}`, and back `{"status": "ok", "response": …}`, or `{"status": "error", "error": type,
"message": text, "raised"?: class}` with the types of `sig.errors`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import sig
from sig.errors import to_wire

Answer = Callable[[str, str, Any, float], Any]
"""Asks a sender here: its name, the method, the params, seconds. Raises as `sig.Router.request` does."""

DEFAULT_S = 5.0
"""For a caller that does not say how long it waits."""
LONGEST_S = 3600.0
"""As `asking` has it."""
MOST_BYTES = 1 << 20
"""Of a request, as sig has it for a message."""


class Request(NamedTuple):
    """`timeout_s`: how long its caller waits."""

    sender: str
    method: str
    params: Any
    timeout_s: float


def answered(ask: Answer, payload: bytes, came: float) -> str:
    """The answer's JSON, whatever the handler raises. `came`: when it did (monotonic)."""
    try:
        sender, method, params, timeout_s = request_of(payload)
        left_s = timeout_s - (time.monotonic() - came)
        if left_s > 0:
            return ok(ask(sender, method, params, left_s))
        return failed(sig.RequestTimeout("it was not asked: others held up the gateway for too long"))
    except BaseException as error:  # noqa: BLE001 - also sys.exit() in a handler ends only the request
        return failed(error)


def request_of(payload: bytes) -> Request:
    """Raises sig.BadParams for what is none."""
    if len(payload) > MOST_BYTES:
        raise sig.BadParams(f"a request has at most {MOST_BYTES} bytes, got {len(payload)}")
    try:
        said = _decode(payload.decode())
        sender, method = said["sender"], said["method"]
        params, wanted = said.get("params"), said.get("timeout_s", DEFAULT_S)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise sig.BadParams(f"{_EXPECTED}, got {payload[:60]!r} ({error!r})") from None
    timed = type(wanted) in (int, float) and 0 <= wanted < math.inf
    if not isinstance(sender, str) or not isinstance(method, str) or not timed:
        raise sig.BadParams(f"{_EXPECTED}, got {payload[:60]!r}")
    return Request(sender, method, params, min(wanted, LONGEST_S))


_EXPECTED = 'expected a request such as {"sender": "temp", "method": "read", "params": {}, "timeout_s": 5}'


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


# Made once: each takes as long as an answer.
_decode = json.JSONDecoder(parse_constant=_refuse).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def ok(response: Any) -> str:
    """Raises sig.BadReply for what has no form in JSON."""
    try:
        return f'{{"status":"ok","response":{_encode(response)}}}'
    except (TypeError, ValueError, RecursionError) as error:
        raise sig.BadReply(f"the response has no form in JSON: {error}") from None


def failed(error: BaseException) -> str:
    """What it is answered with."""
    said = to_wire(error)
    answer = {"status": "error", "error": said["error"], "message": said["exception"]}
    return _encode(answer | {"raised": said["raised"]} if "raised" in said else answer)
