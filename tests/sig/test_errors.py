"""Errors over the wire and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sig
from sig.errors import from_wire, to_wire

CLASSES = [
    (sig.UnknownSender, "unknown_sender", (LookupError, NameError)),
    (sig.NotConnected, "not_connected", (LookupError, NameError)),
    (sig.UnknownMethod, "unknown_method", (LookupError,)),
    (sig.RequestTimeout, "timeout", (TimeoutError,)),
    (sig.BadReply, "bad_reply", ()),
    (sig.BadParams, "bad_params", (ValueError,)),
    (sig.Busy, "busy", ()),
    (sig.Unauthorized, "unauthorized", (PermissionError,)),
]


@pytest.mark.parametrize(("cls", "kind", "builtins"), CLASSES)
def test_each_type_there_and_back(cls: type[sig.RequestError], kind: str, builtins: tuple[type, ...]) -> None:
    """The class, its type as programs see it, its builtin parents, its text."""
    answer = json.loads(json.dumps(to_wire(cls("why"))))
    assert answer == {"status": -2, "exception": "why", "error": kind}
    back = from_wire(answer)
    assert type(back) is cls
    assert str(back) == "why"
    assert isinstance(back, builtins or sig.RequestError)


def test_other_exceptions() -> None:
    """A LookupError stays one, all else is a RemoteError with its class; a second hop changes nothing."""
    for error, cls, raised in (
        (KeyError("k"), sig.RemoteLookupError, "LookupError"),
        (NameError("n"), sig.RemoteError, "NameError"),
        (ZeroDivisionError(), sig.RemoteError, "ZeroDivisionError"),
    ):
        once = from_wire(to_wire(error))
        twice = from_wire(to_wire(once))
        for each in (once, twice):
            assert type(each) is cls
            assert (each.error, each.raised) == ("failed", raised)
    assert str(from_wire(to_wire(ZeroDivisionError()))) == "ZeroDivisionError"
    assert isinstance(from_wire(to_wire(IndexError())), LookupError)


def test_answers_of_pysig() -> None:
    """It has no `error`: a status and a text are all there is."""
    assert type(from_wire({"status": -1, "exception": "no"})) is sig.UnknownMethod
    assert type(from_wire({"status": -2, "exception": "no"})) is sig.RemoteError
    assert str(from_wire({"status": -3})) == "failed with status -3"


@given(
    st.dictionaries(
        st.sampled_from(["status", "exception", "error", "raised"]),
        st.integers() | st.text() | st.none() | st.lists(st.none()),
    )
)
def test_any_answer_is_some_error(answer: dict[str, Any]) -> None:
    """Whatever the far side makes up."""
    assert isinstance(from_wire(answer), sig.RequestError)
