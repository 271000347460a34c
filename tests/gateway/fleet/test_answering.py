"""`gateway.fleet.answering`: what a request over the fleet is answered with."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest

import sig
from gateway.fleet.answering import DEFAULT_S, LONGEST_S, MOST_BYTES, Request, answered, request_of


def _answer(raised: BaseException | None = None, response: Any = None, more: str = "") -> Any:
    def ask(sender: str, method: str, got: Any, timeout_s: float) -> Any:
        if raised is not None:
            raise raised
        return [sender, method, got, math.ceil(timeout_s), response]

    payload = f'{{"sender": "temp", "method": "read"{more}}}'
    return json.loads(answered(ask, payload.encode(), time.monotonic()))


@pytest.mark.parametrize(
    ("more", "params"),
    [("", None), (', "params": null', None), (', "params": {"max_age": 1}', {"max_age": 1})],
)
def test_a_response(more: str, params: Any) -> None:
    """With what the handler was given, and the time that its caller has left."""
    assert _answer(response="ü", more=f'{more}, "timeout_s": 2.5') == {
        "status": "ok",
        "response": ["temp", "read", params, 3, "ü"],
    }


@pytest.mark.parametrize(
    ("raised", "error", "more"),
    [
        (sig.UnknownSender("who?"), "unknown_sender", {}),
        (sig.RequestTimeout("late"), "timeout", {}),
        (sig.Busy("later"), "busy", {}),
        (KeyError("x"), "failed", {"raised": "LookupError"}),
        (ZeroDivisionError("zero"), "failed", {"raised": "ZeroDivisionError"}),
        (SystemExit(3), "failed", {"raised": "SystemExit"}),
    ],
)
def test_what_a_handler_raises(raised: BaseException, error: str, more: dict[str, str]) -> None:
    """Its type and text, and of one that is none of ours its class."""
    answer = _answer(raised)
    assert answer == {"status": "error", "error": error, "message": str(raised), **more}


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"{", b"[" * 100_000, b"\xff", b"7", b"{}", b"[]", b'{"sender": "temp"}'),
        b'{"sender": 7, "method": "read"}',
        b'{"sender": "temp", "method": null}',
        b'{"sender": "temp", "method": "read", "params": NaN}',
        *(
            b'{"sender": "temp", "method": "read", "timeout_s": %s}' % each
            for each in (b"-1", b'"1"', b"true", b"1e999")
        ),
        b'{"sender": "temp", "method": "read", "params": "' + b"x" * MOST_BYTES + b'"}',
    ],
)
def test_what_is_no_request(payload: bytes) -> None:
    """Is refused with what is expected, and nobody is asked."""
    answer = json.loads(answered(lambda *_: 1 / 0, payload, time.monotonic()))
    assert answer["error"] == "bad_params"
    assert "expected a request such as" in answer["message"] or "at most" in answer["message"]


@pytest.mark.parametrize("response", [object(), float("nan"), {1j: 2}])
def test_a_response_that_cannot_be_sent(response: Any) -> None:
    """Is a bad reply."""
    assert _answer(response=response)["error"] == "bad_reply"


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ("", DEFAULT_S),
        (', "timeout_s": 0', 0),
        (', "timeout_s": 1e9', LONGEST_S),
        (f', "timeout_s": 1{400 * "0"}', LONGEST_S),
    ],
)
def test_how_long_a_caller_waits(more: str, seconds: float) -> None:
    """What it says, within bounds."""
    payload = f'{{"sender": "a", "method": "b"{more}}}'.encode()
    assert request_of(payload) == Request("a", "b", None, seconds)


def test_too_late() -> None:
    """Who has no time left is not asked for."""
    payload = b'{"sender": "temp", "method": "read", "timeout_s": 2.5}'
    answer = json.loads(answered(lambda *_: 1 / 0, payload, time.monotonic() - 2.5))
    assert answer["error"] == "timeout"


def test_the_largest_that_is_taken() -> None:
    """To the byte."""
    rest = b'{"sender": "a", "method": "b", "params": ""}'
    payload = rest[:-2] + b"x" * (MOST_BYTES - len(rest)) + rest[-2:]
    assert len(payload) == MOST_BYTES
    assert len(request_of(payload).params) == MOST_BYTES - len(rest)
    with pytest.raises(sig.BadParams, match=f"got {MOST_BYTES + 1}"):
        request_of(payload + b" ")
