"""What systemd is told of a reload."""

import time

import pytest

from gateway.reload.refusal import RefusedError
from gateway.reload.telling import told


class Manager:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.began = 0

    def reloading(self, monotonic_us: int) -> None:
        self.began = monotonic_us
        self.heard.append("reloading")

    def ready(self, text: str) -> None:
        self.heard.append(text)


def test_begin_and_end() -> None:
    """With when it began, by the clock that systemd goes by."""
    manager, before = Manager(), time.monotonic_ns() // 1000
    with told(manager):
        assert manager.heard == ["reloading"]
    assert manager.heard == ["reloading", "reloaded"]
    assert before <= manager.began <= time.monotonic_ns() // 1000


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RefusedError(["a:1: x", "a:2: y"]), "the new config is refused: a:1: x"),
        (ValueError("x"), "the reload failed, see the log"),
    ],
)
def test_it_is_over_in_any_case(error: Exception, text: str) -> None:
    """Else systemd would wait, and end what runs."""
    manager = Manager()
    with pytest.raises(type(error)), told(manager):
        raise error
    assert manager.heard == ["reloading", text]
