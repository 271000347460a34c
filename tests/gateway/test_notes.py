"""What a link's source keeps over restarts."""

import json
import logging
import os
from pathlib import Path

import pytest

from gateway.notes import MAX_BYTES, LinkNotes

NOTES = {"ids": [1, 2], "nodes": {"12": {"sketch": "Küche \ud800"}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "radio.notes.json"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_was_noted_is_known_after_a_restart(path: Path) -> None:
    """All of it, and nothing before."""
    notes = LinkNotes(path, "radio")
    assert notes.recall() == {}
    assert not path.exists()
    notes.note(NOTES)
    assert notes.recall() == NOTES
    assert LinkNotes(path, "radio").recall() == NOTES
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_nothing_new_is_not_written(path: Path) -> None:
    """The SD card is left alone: also by the first word after a restart."""
    LinkNotes(path, "radio").note(NOTES)
    before = path.stat().st_ino
    notes = LinkNotes(path, "radio")
    notes.note(json.loads(json.dumps(NOTES)))
    assert path.stat().st_ino == before
    notes.note({**NOTES, "ids": [1, 2, 3]})
    assert path.stat().st_ino != before


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is not JSON"),
        (b'{"version": 1, "notes": []}', "expected notes in it"),
        (b'{"version": 1}', "expected notes in it"),
        (b'{"version": 0, "notes": {}}', "expected version 1 of it, got 0"),
        (b" " * (MAX_BYTES + 1), "it is larger than"),
    ],
)
def test_a_damaged_file_is_kept_aside(
    path: Path, caplog: pytest.LogCaptureFixture, data: bytes, why: str
) -> None:
    """One warning that says which link forgets; all goes on as if it were empty."""
    path.write_bytes(data)
    notes = LinkNotes(path, "radio")
    assert notes.recall() == {}
    notes.note(NOTES)
    (text,) = warnings(caplog)
    assert text.startswith(f"{path}: cannot be used: {why}")
    assert text.endswith("What was known of what is on the link radio is forgotten, and learned anew")
    assert LinkNotes(path, "radio").recall() == NOTES


def test_a_full_disk(path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """One warning, no exception; what is known is known, and is written once there is room."""
    notes = LinkNotes(path, "radio")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        notes.note(NOTES)
        notes.note({"ids": [5]})
    assert notes.recall() == {"ids": [5]}
    (text,) = warnings(caplog)
    assert text == (
        f"{path}: cannot be written: No space left on device; "
        "after the next start it is not known what is on the link radio"
    )
    notes.note({"ids": [5]})
    assert LinkNotes(path, "radio").recall() == {"ids": [5]}


def test_more_than_may_be(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Is not written, as it could not be read again; the old one stays."""
    notes = LinkNotes(path, "radio")
    notes.note(NOTES)
    notes.note({"x": "y" * MAX_BYTES})
    (text,) = warnings(caplog)
    assert f"cannot be written: it would be larger than {MAX_BYTES} bytes; " in text
    assert LinkNotes(path, "radio").recall() == NOTES
