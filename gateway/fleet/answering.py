"""Answers to a request that came over the fleet: one sender is asked, in the time that its caller has.

What goes over the wire is `{"status": "ok", "response": …}`, or `{"status": "error", "error": type,
"message": text, "raised"?: class}` with the types of `sig.errors`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import sig
from sig.errors import to_wire

Answer = Callable[[str, str, Any, float], Any]
"""Asks a sender here: its name, the method, the params, seconds. Raises as `sig.Router.request` does."""

DEFAULT_S = 5.0
"""For a caller that does not say how long it waits."""
LONGEST_S = 60.0
MOST_PARAMS = 1 << 20
"""Bytes of a request's params, as sig has it for a message."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def patience(attachment: bytes | None) -> float:
    """Seconds that a caller waits, as it says beside its request."""
    try:
        wanted = float(attachment) if attachment else DEFAULT_S
    except ValueError:
        return DEFAULT_S
    return min(wanted, LONGEST_S) if math.isfinite(wanted) and wanted >= 0 else DEFAULT_S


def answered(ask: Answer, sender: str, method: str, payload: bytes | None, timeout_s: float) -> str:
    """The answer's JSON, whatever the handler raises."""
    if timeout_s <= 0:
        return failed(sig.RequestTimeout("it was not asked: others held up the gateway for too long"))
    try:
        return ok(ask(sender, method, params_of(payload), timeout_s))
    except BaseException as error:  # noqa: BLE001 - also sys.exit() in a handler ends only the request
        return failed(error)


def params_of(payload: bytes | None) -> Any:
    """None where there are none. Raises sig.BadParams."""
    if not payload:
        return None
    if len(payload) > MOST_PARAMS:
        raise sig.BadParams(f"params have at most {MOST_PARAMS} bytes, got {len(payload)}")
    try:
        return json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise sig.BadParams(f"expected params as JSON, got {payload[:60]!r} ({error})") from None


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


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
