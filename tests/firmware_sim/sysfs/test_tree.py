"""The folder: whole files, what stands in their place, nothing of others touched."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from firmware_sim.errors import SimulatorError
from firmware_sim.sysfs.tree import MARK, Tree
from tests.support.waiting import until


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty one."""
    tree = Tree(tmp_path / "sys")
    tree.check()
    tree.make()
    return tree


def test_a_file_is_replaced_whole(tree: Tree) -> None:
    """Who has the old one open goes on reading it."""
    tree.write("a/b/value", "old\n")
    with (tree.root / "a/b/value").open() as old:
        tree.write("a/b/value", "new\n")
        assert old.read() == "old\n"
    assert tree.read("a/b/value") == "new\n"
    assert tree.read("a/nothing") == ""
    assert sorted(path.name for path in (tree.root / "a/b").iterdir()) == ["value"]


def test_overwrite_keeps_the_file(tree: Tree) -> None:
    """So what another has open to write to it stays the one that is read."""
    tree.write("bulk", "0 and more\n")
    with (tree.root / "bulk").open("r+") as other:
        tree.overwrite("bulk", "-1\n")
        assert other.read() == "-1\n"


def test_links_are_relative(tree: Tree) -> None:
    """As those of sysfs."""
    tree.write("devices/x/name", "x\n")
    tree.link("bus/b/devices/x", "devices/x")
    assert (tree.root / "bus/b/devices/x").readlink() == Path("../../../devices/x")
    assert tree.read("bus/b/devices/x/name") == "x\n"


class Reader:
    """A program that reads a file, and hangs in it."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
        until(self._hangs)

    def _hangs(self) -> bool:
        """It sleeps, and there is nothing in it to sleep over but the opening of the file."""
        name, _, rest = Path(f"/proc/{self._process.pid}/stat").read_text().partition("(")[2].partition(") ")
        return (name, rest[0]) == ("cat", "S")

    def read(self) -> bytes:
        """What it has read, when it has ended."""
        data, _ = self._process.communicate(timeout=60)
        return data


def test_who_reads_what_hangs_waits_until_it_is_healed(tree: Tree) -> None:
    """And then reads nothing."""
    tree.write("value", "1\n")
    tree.hang("value")
    reader = Reader(tree.root / "value")
    tree.write("value", "2\n")
    assert reader.read() == b""
    assert tree.read("value") == "2\n"


@pytest.mark.parametrize("how", ["drop", "remove", "fail"])
def test_who_hangs_is_let_go_at_the_end(tree: Tree, how: str) -> None:
    """Also when the folder goes, or all of it, or when it is to fail from now on."""
    tree.write("chip/value", "1\n")
    tree.hang("chip/value")
    reader = Reader(tree.root / "chip/value")
    match how:
        case "drop":
            tree.drop("chip")
            assert not (tree.root / "chip").exists()
        case "remove":
            tree.remove()
            assert not tree.root.exists()
        case _:
            tree.fail("chip/value")
    assert reader.read() == b""


def test_a_failing_read_is_eio(tree: Tree) -> None:
    """As of a chip that does not answer."""
    tree.write("value", "1\n")
    tree.fail("value")
    with pytest.raises(OSError, match="Input/output error") as error:
        (tree.root / "value").read_text()
    assert error.value.errno == errno.EIO
    tree.write("value", "2\n")
    assert tree.read("value") == "2\n"
    assert not (tree.root / "value").is_symlink()


def test_drop(tree: Tree) -> None:
    """A file, a link (not what it leads to), a folder; what is not there is no error."""
    tree.write("a/file", "1\n")
    tree.link("link", "a")
    tree.drop("link")
    assert not os.path.lexists(tree.root / "link")
    assert tree.read("a/file") == "1\n"
    tree.drop("a/file")
    tree.drop("a/file")
    tree.drop("a")
    assert [path.name for path in tree.root.iterdir()] == [MARK]


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """A file, a link, a folder with something in it; an empty folder may be had, and one of ours."""
    (tmp_path / "file").write_text("precious")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "full", "link", "dangling"):
        with pytest.raises(
            SimulatorError, match=f"{name}: expected nothing there, or a folder that a simulator"
        ):
            Tree(tmp_path / name).check()
    Tree(tmp_path / "empty").check()
    Tree(tmp_path / "new").check()
    (tmp_path / "full" / MARK).touch()
    ours = Tree(tmp_path / "full")
    ours.check()
    ours.make()
    assert [path.name for path in ours.root.iterdir()] == [MARK]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Is an error in words."""
    with pytest.raises(SimulatorError, match="cannot make the folder: No such file or directory"):
        Tree(tmp_path / "nowhere" / "sys").make()
