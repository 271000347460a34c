"""The symlink: whose it is, and what it never replaces."""

from pathlib import Path

import pytest

from firmware_sim.errors import SimulatorError
from firmware_sim.link import Link


def test_made_moved_removed(tmp_path: Path) -> None:
    """The link points to one device, then to another, then is gone, and nothing else stays."""
    link = Link(tmp_path / "board")
    link.claim()
    link.point_to("/dev/pts/400")
    link.point_to("/dev/pts/401")
    assert str((tmp_path / "board").readlink()) == "/dev/pts/401"
    link.release()
    assert list(tmp_path.iterdir()) == []


def test_a_stale_link_is_replaced(tmp_path: Path) -> None:
    """A symlink that nobody owns, dangling or not, and its half-made successor do not matter."""
    path = tmp_path / "board"
    path.symlink_to("/dev/null")
    (tmp_path / ".board.new").symlink_to("/dev/null")
    link = Link(path)
    link.claim()
    link.point_to("/dev/pts/400")
    assert str(path.readlink()) == "/dev/pts/400"
    link.release()


@pytest.mark.parametrize("name", ["board", "b" * 200])
def test_one_owner(tmp_path: Path, name: str) -> None:
    """A second claim fails, however the path is written, until the first owner lets go."""
    first, second = Link(tmp_path / name), Link(tmp_path / "." / ".." / tmp_path.name / name)
    first.claim()
    with pytest.raises(SimulatorError, match="a running simulator owns"):
        second.claim()
    first.release()
    second.claim()
    second.release()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_symlink_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A file or a folder at the path stays, at the start and later."""
    path = tmp_path / "board"
    path.mkdir() if kind == "folder" else path.write_text("precious")
    link = Link(path)
    with pytest.raises(SimulatorError, match="expected no file there, or a symlink"):
        link.claim()
    with pytest.raises(SimulatorError, match="left alone"):
        link.point_to("/dev/pts/400")
    link.release()
    assert path.exists()


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is named, before and after the claim."""
    with pytest.raises(SimulatorError, match=r"expected a folder .*nowhere; make it"):
        Link(tmp_path / "nowhere" / "board").claim()
    folder = tmp_path / "going"
    folder.mkdir()
    link = Link(folder / "board")
    link.claim()
    folder.rmdir()
    with pytest.raises(SimulatorError, match="cannot make the link"):
        link.point_to("/dev/pts/400")
    link.release()


def test_another_ones_link_is_not_removed(tmp_path: Path) -> None:
    """Whoever has pointed the link elsewhere keeps it."""
    path = tmp_path / "board"
    link = Link(path)
    link.claim()
    link.point_to("/dev/pts/400")
    path.unlink()
    path.symlink_to("/dev/null")
    link.release()
    assert str(path.readlink()) == "/dev/null"
