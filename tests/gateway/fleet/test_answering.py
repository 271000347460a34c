"""`gateway.fleet.answering`: what a request over the fleet is answered with."""

from __future__ import annotations

import json
from typing import Any

import pytest

import sig
from gateway.fleet.answering import DEFAULT_S, LONGEST_S, MOST_PARAMS, answered, patience


def _answer(raised: BaseException | None = None, response: Any = None, params: bytes | None = None) -> Any:
    def ask(sender: str, method: str, got: Any, timeout_s: float) -> Any:
        if raised is not None:
            raise raised
        return [sender, method, got, timeout_s, response]

    return json.loads(answered(ask, "temp", "read", params, 2.5))


@pytest.mark.parametrize(
    ("payload", "params"), [(None, None), (b"", None), (b'{"max_age": 1}', {"max_age": 1})]
)
def test_a_response(payload: bytes | None, params: Any) -> None:
    """With what the handler was given."""
    assert _answer(response="ü", params=payload) == {
        "status": "ok",
        "response": ["temp", "read", params, 2.5, "ü"],
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


@pytest.mark.parametrize("payload", [b"{", b"NaN", b"[" * 100_000, b"\xff", b'"' + b"x" * MOST_PARAMS + b'"'])
def test_params_that_are_none(payload: bytes) -> None:
    """Are refused, and nobody is asked."""
    assert _answer(ZeroDivisionError(), params=payload)["error"] == "bad_params"


@pytest.mark.parametrize("response", [object(), float("nan"), {1j: 2}])
def test_a_response_that_cannot_be_sent(response: Any) -> None:
    """Is a bad reply."""
    assert _answer(response=response)["error"] == "bad_reply"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (b"4.5", 4.5),
        (b"0", 0.0),
        (b"1e9", LONGEST_S),
        *((each, DEFAULT_S) for each in (None, b"-1", b"inf", b"nan", b"soon", b"\xff")),
    ],
)
def test_how_long_a_caller_waits(said: bytes | None, seconds: float) -> None:
    """What it says, within bounds; what nobody can mean counts as nothing."""
    assert patience(said) == seconds


def test_too_late() -> None:
    """Who has no time left is not asked for."""
    answer = json.loads(answered(lambda *_: 1 / 0, "temp", "read", None, 0.0))
    assert answer["error"] == "timeout"
