"""The log file: its bounds, its rights, and what is done to it from outside."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.logs.file import RotatingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that is not there yet."""
    return tmp_path / "gateway.log"


@pytest.fixture
def log(path: Path) -> Iterator[RotatingFile]:
    """100 bytes, and two earlier ones."""
    file = RotatingFile(path, 100, 2)
    yield file
    file.close()


def _names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_it_is_begun_anew(log: RotatingFile, path: Path) -> None:
    """Before it would be larger than it may; the oldest goes; no line is split."""
    for number in range(30):
        log.write(f"{number:019d}")
    assert _names(path) == ["gateway.log", "gateway.log.1", "gateway.log.2"]
    kept = [
        int(line) for name in (f"{path}.2", f"{path}.1", str(path)) for line in Path(name).read_text().split()
    ]
    assert kept == list(range(15, 30))
    assert all(Path(name).stat().st_size <= 100 for name in (f"{path}.2", f"{path}.1", str(path)))


def test_a_line_that_is_longer_than_a_file(log: RotatingFile, path: Path) -> None:
    """Is written all the same, alone."""
    log.write("x" * 500)
    log.write("y")
    assert Path(f"{path}.1").read_text() == "x" * 500 + "\n"
    assert path.read_text() == "y\n"


def test_none_is_kept(path: Path) -> None:
    """With a count of 0."""
    file = RotatingFile(path, 10, 0)
    for text in ("one two", "three"):
        file.write(text)
    file.close()
    assert (_names(path), path.read_text()) == (["gateway.log"], "three\n")


def test_rights(log: RotatingFile, path: Path) -> None:
    """Ours alone; where its group may read it, so may it the next ones; others never."""
    log.write("x" * 90)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    log.write("y" * 90)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_it_goes_on_where_it_ended(log: RotatingFile, path: Path) -> None:
    """What is there is kept, and counts."""
    path.write_text("x" * 95 + "\n")
    log.write("12345")
    assert path.read_text() == "12345\n"
    assert Path(f"{path}.1").read_text() == "x" * 95 + "\n"


@pytest.mark.parametrize("put", ["unlink", "rename"])
def test_somebody_puts_it_aside(log: RotatingFile, path: Path, put: str) -> None:
    """As logrotate does: a new one is begun."""
    log.write("one")
    if put == "unlink":
        path.unlink()
    else:
        path.rename(path.with_suffix(".old"))
    log.write("two")
    assert path.read_text() == "two\n"


def test_characters_that_are_none(log: RotatingFile, path: Path) -> None:
    """Half of a surrogate pair is written out."""
    log.write("\ud800")
    assert path.read_text() == "\\ud800\n"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a link that leads elsewhere, a folder that is not there; a pipe without a reader does not
    hold anybody up."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    for name in (".", "link", "no/file", "pipe"):
        with pytest.raises(OSError, match=r"directory|links|No such"):
            RotatingFile(tmp_path / name, 100, 1).write("x")


def test_a_disk_that_takes_a_part(monkeypatch: pytest.MonkeyPatch, log: RotatingFile, path: Path) -> None:
    """Half a line is taken back, so that the next one is not glued to it."""
    log.write("one")
    write = os.write
    full = False

    def partly(descriptor: int, data: bytes) -> int:
        nonlocal full
        if full:
            raise OSError(28, "No space left on device")
        full = True
        return write(descriptor, data[:3])

    monkeypatch.setattr("gateway.logs.file.os.write", partly)
    with pytest.raises(OSError, match="No space"):
        log.write("twotwo")
    monkeypatch.undo()
    log.write("three")
    assert path.read_text() == "one\nthree\n"
