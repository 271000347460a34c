"""Reading the kernel's files: bounded, with the path in each error."""

import errno
import os
from pathlib import Path

import pytest

from drivers.sysfs.files import LONGEST, Files


def test_texts(tmp_path: Path) -> None:
    """As they are; what is no UTF-8 is replaced, what is too long is cut and marked."""
    files = Files()
    for data, text in (
        (b"21500\n", "21500\n"),
        (b"", ""),
        (b"\xff\xb0", "\ufffd\ufffd"),
        ("°".encode(), "°"),
        (b"1" * LONGEST, "1" * LONGEST),
        (b"1" * (LONGEST + 1), "1" * LONGEST + "…"),
        (b"1" * 1_000_000, "1" * LONGEST + "…"),
    ):
        (tmp_path / "file").write_bytes(data)
        assert files.text(str(tmp_path / "file")) == text
        assert files.label(str(tmp_path / "file")) == text


def test_a_label_does_not_wait(tmp_path: Path) -> None:
    """Not for a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "name")
    assert Files().label(str(tmp_path / "name")) == ""


def test_errors_name_the_path(tmp_path: Path) -> None:
    """Also those of the read itself, which do not by themselves."""
    files = Files()
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path, code in (
        (tmp_path / "none", errno.ENOENT),
        (tmp_path, errno.EISDIR),
        (tmp_path / "a", errno.ELOOP),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is compared
            files.text(str(path))
        assert (caught.value.errno, caught.value.filename) == (code, str(path))
    # A read at an address that is not mapped: the opening goes well.
    with pytest.raises(OSError) as caught:  # noqa: PT011 - as above
        files.text("/proc/self/mem")
    assert (caught.value.errno, caught.value.filename) == (errno.EIO, "/proc/self/mem")


def test_writing_makes_no_file(tmp_path: Path) -> None:
    """A command goes to a file that is there."""
    with pytest.raises(FileNotFoundError):
        Files().write(str(tmp_path / "therm_bulk_read"), "trigger\n")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "therm_bulk_read").write_text("0\n")
    Files().write(str(tmp_path / "therm_bulk_read"), "trigger\n")
    assert (tmp_path / "therm_bulk_read").read_text() == "trigger\n"


def test_marks(tmp_path: Path) -> None:
    """Another folder has another one."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = Files()
    assert files.mark(str(tmp_path / "a")) == files.mark(str(tmp_path / "a"))
    assert files.mark(str(tmp_path / "a")) != files.mark(str(tmp_path / "b"))
