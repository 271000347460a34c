"""What is said of ports that can be opened."""

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config import load
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import caller
from gateway.doctor.ports import ports


@pytest.fixture
def port() -> Iterator[str]:
    """One that nobody has open."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.close(slave)
    yield name
    os.close(master)


def found(folder: Path, port: str, running: Running) -> list[Finding]:
    """By who the test is."""
    config = folder / "c.yaml"
    config.write_text(f"links: {{b: {{port: {port}}}}}\n")
    return list(ports(Patient(config, load(config), caller(), running)))


@pytest.mark.parametrize(
    ("state", "uid", "told"),
    [(None, 1000, False), ("up", 1000, False), ("failed", 1000, True), ("failed", 0, False)],
)
def test_whether_somebody_else_may_hold_it(
    tmp_path: Path, port: str, monkeypatch: pytest.MonkeyPatch, state: str | None, uid: int, told: bool
) -> None:
    """All is green for who is not root, unless a gateway that runs has not got it to work."""
    info = None if state is None else {"links": {"b": {"state": state}}}
    running = Running("tcp://x", None if state is None else {}, info)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    lines = found(tmp_path, port, running)
    assert lines[0].level is Level.GREEN
    assert [line.level for line in lines[1:]] == [Level.YELLOW] * told
    if told:
        assert lines[1].message.startswith("whether another user's program holds a port is not known")
