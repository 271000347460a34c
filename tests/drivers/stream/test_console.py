"""A serial port that is the kernel's console too."""

import os
from pathlib import Path

import pytest

from drivers.stream import console
from drivers.stream.transport import open_transport
from tests.support.scripted_board import ScriptedBoard


@pytest.fixture
def active(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's list, the test's own."""
    monkeypatch.setattr(console, "ACTIVE", str(tmp_path / "active"))
    return tmp_path / "active"


def test_the_kernel_s_list(active: Path) -> None:
    """Names between spaces; a machine without the file has no console on a port."""
    assert console.consoles() == frozenset()
    active.write_bytes(b"tty1 ttyAMA0\xff\n")
    assert console.consoles() == {"tty1", "ttyAMA0\ufffd"}
    assert console.consoles(os.devnull) == frozenset()


def test_it_is_said_once_for_each_port(
    active: Path, board: ScriptedBoard, caplog: pytest.LogCaptureFixture
) -> None:
    """By the name in the config, with the tty's own; the port works all the same."""
    active.write_text("tty1\n")
    open_transport(str(board.link)).close()
    assert caplog.messages == []
    name = board.link.resolve().name
    active.write_text(f"tty1 {name}\n")
    for _ in range(2):
        open_transport(str(board.link)).close()
    (said,) = caplog.messages
    assert said.startswith(
        f"{board.link} ({name}) is also the kernel's console, whose messages reach the board: "
    )
    assert "raspi-config" in said
    assert "/boot/firmware/cmdline.txt" in said
