"""The mapping from events to topics and payloads, and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.encoding import event_body
from gateway.mqtt.topics import BadCallError, Topics, answer, call, event_payload, level, unlevel

TOPICS = Topics("greenhouse")
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("temp", "temp"),
        ("Büro", "Büro"),
        ("a b", "a b"),
        ("a/b", "a%2Fb"),
        ("a+b", "a%2Bb"),
        ("#1", "%231"),
        ("100%", "100%25"),
        ("a\nb", "a%0Ab"),
        ("\x80", "%C2%80"),
        ("\ufffe", "%EF%BF%BE"),
    ],
)
def test_levels(name: str, encoded: str) -> None:
    """Only what MQTT forbids in a level is encoded."""
    assert level(name) == encoded
    assert unlevel(encoded) == name


@given(st.text())
def test_levels_come_back(name: str) -> None:
    """Whatever the name, even with lone surrogates."""
    assert unlevel(level(name)) == name
    assert not set(level(name)) & set("/+#\0")


def test_topics() -> None:
    """As the product has them."""
    assert TOPICS.status == "sig/greenhouse/status"
    assert TOPICS.state("temp") == "sig/greenhouse/temp/state"
    assert TOPICS.availability("temp") == "sig/greenhouse/temp/availability"
    assert TOPICS.event("temp", "#changed") == "sig/greenhouse/temp/event/changed"
    assert TOPICS.event("temp", "cold") == "sig/greenhouse/temp/event/cold"
    assert TOPICS.response("a/b", "read") == "sig/greenhouse/a%2Fb/response/read"
    assert TOPICS.called("sig/greenhouse/a%2Fb/request/read") == ("a/b", "read")
    for topic in (
        "sig/other/temp/request/read",
        "sig/greenhouse/temp/state",
        "sig/greenhouse/a/b/request/read",
    ):
        assert TOPICS.called(topic) is None


@pytest.mark.parametrize("topic", ["x", "a/b/c", "sig/greenhouse/temp/response/read", "sig/other/temp/state"])
def test_where_answers_may_go(topic: str) -> None:
    """Anywhere else, and where answers go anyway."""
    assert TOPICS.may_answer_on(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "a/#",
        "+",
        "a\0",
        "$SYS/x",
        "sig/greenhouse/temp/request/read",
        "sig/greenhouse/status",
        "x" * 2000,
    ],
)
def test_where_answers_may_not_go(topic: str) -> None:
    """Wildcards, the broker's own, and what would be a request or a forged state."""
    assert not TOPICS.may_answer_on(topic)


@given(JSON)
def test_payloads(data: Any) -> None:
    """What an event carries, beside an id and, if it is late, a mark."""
    head = event_body(data, 1_795_329_000.0).head
    for late in (False, True):
        message = json.loads(event_payload(head, "i-1", late=late))
        assert message.pop("id") == "i-1"
        assert message.pop("late", False) is late
        assert message == json.loads(head + "}")


def is_json(payload: bytes) -> bool:
    """As Python's own parser sees it, without NaN; white space alone is taken, too."""
    try:
        json.loads(payload.decode() if payload.strip() else "null", parse_constant=lambda _: 1 // 0)
    except (ValueError, ArithmeticError, RecursionError):
        return False
    return True


@given(st.binary() | JSON.map(json.dumps).map(str.encode))
def test_calls_of_any_bytes(payload: bytes) -> None:
    """Params, or an error that says what is expected."""
    refused = ""
    try:
        call(payload)
    except BadCallError as error:
        refused = str(error)
    assert refused.startswith("expected JSON, got b") == (not is_json(payload))


def test_what_a_bad_call_is_told() -> None:
    """What was expected, and what there was."""
    with pytest.raises(BadCallError, match="expected JSON, got b'max_age=1'"):
        call(b"max_age=1")


@given(JSON, JSON)
def test_answers(transaction: Any, response: Any) -> None:
    """The transaction comes back as it was."""
    message = json.loads(answer(transaction, status="ok", response=response))
    assert message["response"] == response
    assert message.get("transaction") == transaction


def test_an_id_of_any_characters() -> None:
    """A board's identity may have a quotation mark: the message is JSON all the same."""
    assert json.loads(event_payload('{"a":1', 'a"\\b-7-1', late=True)) == {
        "a": 1,
        "id": 'a"\\b-7-1',
        "late": True,
    }
