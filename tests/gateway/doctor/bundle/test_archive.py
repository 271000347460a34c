"""The archive as a file."""

import stat
from pathlib import Path

import pytest

from gateway.doctor.bundle.archive import packed, write


def test_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask is; the same bytes for the same files."""
    write(tmp_path / "a", packed({"x": "one"}, 5.0))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert packed({"x": "one"}, 5.0) == packed({"x": "one"}, 5.9)


@pytest.mark.parametrize("there", ["file", "folder", "link", "broken link"])
def test_never_over_what_is_there(tmp_path: Path, there: str) -> None:
    """Were it a link that leads nowhere, or to what could be written."""
    path, other = tmp_path / "a", tmp_path / "other"
    if there == "file":
        path.write_text("mine")
    elif there == "folder":
        path.mkdir()
    else:
        path.symlink_to(other)
    if there == "link":
        other.write_text("mine")
    with pytest.raises(FileExistsError):
        write(path, b"x")
    assert there != "file" or path.read_text() == "mine"
    assert other.exists() is (there == "link")
