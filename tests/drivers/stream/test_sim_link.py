"""Links of simulated boards, alive and dead."""

import os
import socket
from pathlib import Path

import pytest

from drivers.stream.sim_link import control_answers, is_stale


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A link to something that is there, in a folder too deep for a socket's address."""
    folder = tmp_path / ("deep" * 40)
    folder.mkdir()
    (folder / "board").symlink_to("/dev/null")
    return folder / "board"


def listen(link: Path) -> socket.socket:
    """A control socket beside `link`."""
    control = socket.socket(socket.AF_UNIX)
    folder = os.open(link.parent, os.O_PATH)
    control.bind(f"/proc/self/fd/{folder}/{link.name}.control")
    os.close(folder)
    control.listen()
    return control


def test_a_simulator_that_lives_and_dies(link: Path, tmp_path: Path) -> None:
    """While it lives its link is good; when it was killed, link and socket are there, and nobody listens."""
    other = tmp_path / "other"
    other.symlink_to(link)
    with listen(link):
        assert control_answers(str(link)) is True
        assert not is_stale(str(link))
    assert control_answers(str(link)) is False
    assert is_stale(str(link))
    assert is_stale(str(other))


def test_what_no_simulator_made(link: Path, tmp_path: Path) -> None:
    """A link without a socket, a file of that name beside it, a device, nothing, a circle."""
    assert control_answers(str(link)) is None
    assert not is_stale(str(link))
    Path(f"{link}.control").touch()
    assert not is_stale(str(link))
    assert not is_stale("/dev/null")
    assert not is_stale(str(tmp_path / "none" / "none"))
    (tmp_path / "circle").symlink_to("circle")
    assert not is_stale(str(tmp_path / "circle"))


def test_a_simulator_of_somebody_else_s(link: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its socket may not be asked: it counts as alive, the port's own permission decides."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "no")

    with listen(link), monkeypatch.context() as patched:
        patched.setattr(socket.socket, "connect", refuse)
        assert control_answers(str(link)) is True
