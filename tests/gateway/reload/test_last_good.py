"""The copy of the last good config."""

import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from gateway.config import load, load_usable
from gateway.data_folder import DataFolder
from gateway.reload.last_good import FILE, advice, keep


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A config that is right."""
    path = tmp_path / "config.yaml"
    path.write_text("# mine: ä\r\ngateway: {data: 'my data'}\nsensors: {}\n", newline="")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    (tmp_path / "my data").mkdir()
    return DataFolder(tmp_path / "my data")


def test_kept_as_it_is(path: Path, folder: DataFolder) -> None:
    """Byte for byte, for our user alone; written once."""
    keep(load(path), folder)
    copy = folder.path / FILE
    assert copy.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    before = copy.stat().st_ino
    keep(load(path), folder)
    assert copy.stat().st_ino == before
    assert [each.name for each in folder.path.iterdir()] == [FILE]


def test_rights_are_not_widened(path: Path, folder: DataFolder) -> None:
    """Whatever the copy had, and whatever a kill has left."""
    copy = folder.path / FILE
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o644)
    left = folder.path / f"{FILE}.new"
    left.write_text("x")
    left.chmod(0o666)
    keep(load(path), folder)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_one_with_errors_is_not_good(path: Path, folder: DataFolder) -> None:
    """Though the rest of it runs."""
    path.write_text("links: {a: {port: 1}}\n")
    keep(load_usable(path), folder)
    assert list(folder.path.iterdir()) == []


def test_a_folder_that_cannot_be_written(
    path: Path, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is told of it, and nothing is raised."""

    def full(_path: Path, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gateway.reload.last_good.replace_whole", full)
    keep(load(path), folder)
    assert "No space left" in folder.status().message


@pytest.mark.parametrize(
    "text",
    [
        "gateway: {data: 'my data'}\nsensors: [\n",
        'gateway:\n  data: "my data"\n  name: [\n',
        "gateway:\n  data: my data\nlinks: {a: {prot: x}}\nx: y\n",
        "gateway: {data: my data, name: x}}\n",
    ],
)
def test_how_to_get_it_back(path: Path, folder: DataFolder, text: str) -> None:
    """The command does it, wherever the data folder is said to be."""
    good = path.read_bytes()
    keep(load(path), folder)
    assert advice(path) is None
    path.write_text(text)
    said = advice(path)
    assert said is not None
    subprocess.run(shlex.split(said.partition("to go back to it: ")[2]), check=True)
    assert path.read_bytes() == good


def test_there_is_none(path: Path, tmp_path: Path) -> None:
    """No folder, no file, no config: nothing is said."""
    assert advice(path) is None
    assert advice(tmp_path / "nothing.yaml") is None
    path.write_text("gateway: {data: " + "x" * 5000 + "}")
    assert advice(path) is None


def test_the_default_folder(tmp_path: Path) -> None:
    """Where the file does not say."""
    path = tmp_path / "config.yaml"
    path.write_text("sensors: {}\n")
    (tmp_path / "data").mkdir()
    keep(load(path), DataFolder(tmp_path / "data"))
    path.write_bytes(b"\xff\xfe\x00")
    assert f"{tmp_path}/data/{FILE}" in str(advice(path))
