"""`firmware export` as it is typed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.cli import firmware, main
from gateway.firmware.shipped import firmware_folder, shipped_files


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`, by its name there."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def expected() -> dict[str, bytes]:
    """What is shipped, as it is called in the folder."""
    source = firmware_folder()
    return {
        str(file).removeprefix("arduino/"): (source / file).read_bytes() for file in shipped_files(source)
    }


def test_all_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into a folder that is made for it, under the names that the Arduino IDE wants; with what to do next."""
    folder = tmp_path / "a" / "my boards"
    assert main(["firmware", "export", str(folder)]) == 0
    assert tree(folder) == expected()
    shown = capsys.readouterr().out
    assert f"{folder}/Sensorline: the Arduino library, " in shown
    assert "says: firmware sensorline-" in shown
    assert f"{folder}/micropython: for MicroPython, " in shown
    assert f"\n{len(expected())} files written\n" in shown
    assert f"cp -r '{folder}/Sensorline' ~/Arduino/libraries/\n" in shown


def test_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is to do the second time; what was taken away comes back, and what is there stays."""
    assert main(["firmware", "export", str(tmp_path)]) == 0
    (tmp_path / "mine.txt").write_text("mine")
    library = tmp_path / "Sensorline" / "library.properties"
    before = library.stat().st_mtime_ns
    capsys.readouterr()
    assert main(["firmware", "export", str(tmp_path)]) == 0
    count = len(expected())
    assert f"\n0 files written, {count} were there already\n" in capsys.readouterr().out
    assert library.stat().st_mtime_ns == before
    (tmp_path / "micropython" / "examples" / "dht22.py").unlink()
    assert main(["firmware", "export", str(tmp_path)]) == 0
    assert f"\n1 file written, {count - 1} were there already\n" in capsys.readouterr().out
    assert tree(tmp_path) == expected() | {"mine.txt": b"mine"}


def test_what_differs_is_named_and_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else is written."""
    mine = tmp_path / "Sensorline" / "examples" / "DHT22" / "DHT22.ino"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert main(["firmware", "export", str(tmp_path)]) == 1
    assert tree(tmp_path) == {"Sensorline/examples/DHT22/DHT22.ino": b"mine"}
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"error: nothing was written, as 1 file is there and not as shipped:\n    {mine}\n"
        "Move it away, or export into another folder\n"
    )


def test_many_that_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first ten are named. A folder or a broken link in a file's place differs, too."""
    names = sorted(expected())
    assert len(names) > 11
    for number, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if number == 0:
            path.mkdir()
        elif number == 1:
            path.symlink_to("nowhere")
        else:
            path.write_text("mine")
    assert main(["firmware", "export", str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"error: nothing was written, as {len(names)} files are there and not as shipped:"
    assert len(lines) == 13
    assert lines[-2] == f"    and {len(names) - 10} more"
    assert lines[-1] == "Move them away, or export into another folder"


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor can there be a folder in one."""
    file = tmp_path / "file"
    file.write_text("mine")
    assert main(["firmware", "export", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {file} is a file: name a folder")
    assert main(["firmware", "export", str(file / "below")]) == 1
    assert "Not a directory" in capsys.readouterr().err
    assert file.read_text() == "mine"


@pytest.mark.parametrize("argument", [[], ["a", "b"], ["--force", "a"]])
def test_wrong_usage(argument: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is 2, as for every command, and writes nothing."""
    monkeypatch.chdir(tmp_path)
    assert main(["firmware", "export", *argument]) == 2
    assert list(tmp_path.iterdir()) == []


def test_not_installed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said, with what to do."""
    monkeypatch.setattr(firmware, "firmware_folder", lambda: tmp_path / "nowhere")
    assert main(["firmware", "export", str(tmp_path / "there")]) == 1
    assert "install sig-gateway anew" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", ["mkdir", "read_bytes"])
def test_without_permission(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither to make a folder, nor to look at what is there: the path and why. (For root all is allowed.)"""
    (tmp_path / "Sensorline").mkdir()
    (tmp_path / "Sensorline" / "library.properties").write_text("mine")

    def denied(path: Path, *_: object, **__: object) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    folder = tmp_path if failing == "read_bytes" else tmp_path / "new"
    monkeypatch.setattr(Path, failing, denied)
    assert main(["firmware", "export", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {folder}")
    assert "Permission denied" in said


def test_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told of the file that had no room, of which nothing is left; with room again, the rest follows."""
    synced = iter([None] * 3)

    def sync(_descriptor: int) -> None:
        if next(synced, "full") == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", sync)
        assert main(["firmware", "export", str(tmp_path)]) == 1
    assert "cannot be written: the disk is full; nothing of it is left" in capsys.readouterr().err
    assert len(tree(tmp_path)) == 3
    assert main(["firmware", "export", str(tmp_path)]) == 0
    assert tree(tmp_path) == expected()
