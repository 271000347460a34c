"""What the broker does not take, as it is told of to whoever asks."""

from gateway.mqtt.aside import MOST, Aside


def test_what_is_there_again() -> None:
    """A topic is there until something on it was taken; a subscription until the next connection."""
    aside = Aside()
    assert not aside
    aside.put(["a", "subscription to b"], "no")
    aside.put(["a"], "too large")
    assert aside
    assert aside.topics == {"a": "too large", "subscription to b": "no"}
    aside.taken("b")
    aside.taken("a")
    assert aside.topics == {"subscription to b": "no"}
    aside.put(["c"], "no")
    aside.reconnected()
    assert aside.topics == {"c": "no"}
    aside.forget()
    assert not aside


def test_who_has_looked_keeps_what_was_seen() -> None:
    """Another thread may be reading it."""
    aside = Aside()
    aside.put(["a"], "no")
    seen = aside.topics
    aside.put(["a", "b"], "never")
    aside.taken("a")
    assert seen == {"a": "no"}


def test_there_are_not_too_many() -> None:
    """The first ones stay, and may still have another reason."""
    aside = Aside()
    aside.put([f"t{number}" for number in range(MOST + 1)], "no")
    aside.put(["t0"], "too large")
    assert len(aside.topics) == MOST
    assert aside.topics["t0"] == "too large"
