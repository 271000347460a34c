"""An older program on a newer one's folder: refused in words, file by file, and nothing there is harmed."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.app import App
from gateway.config import load
from gateway.reload.last_good import FILE as LAST_GOOD
from tests.support.fake_machine import RunningMachine
from tests.support.old_folders import FACTS, FOLDERS, FOLDERS_AT, config_of
from tests.support.ports import free_port
from tests.support.staged_time import stage
from tests.support.waiting import until

NAME = "6-history"
FILES = (
    "clock.json",
    "history.db",
    "identities.json",
    "mqtt.db",
    "radio.discovered.json",
    "radio.notes.json",
)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A folder of which every file is of a version that is yet to come."""
    data = tmp_path / "data"
    shutil.copytree(FOLDERS_AT / NAME, data, ignore=shutil.ignore_patterns(FACTS))
    for path in sorted(data.iterdir()):
        if path.suffix == ".json":
            path.write_text(json.dumps({"version": 2, "new": json.loads(path.read_text())}))
        else:
            with closing(sqlite3.connect(path)) as db:
                db.executescript("CREATE TABLE new (x); PRAGMA user_version = 99")
    return data


def content(data: Path) -> dict[str, bytes]:
    """Of all files but those of today's run: the lock, and the config that it has started with."""
    today = (".lock", LAST_GOOD)
    return {path.name: path.read_bytes() for path in sorted(data.iterdir()) if path.name not in today}


@pytest.fixture
def app(newer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """Is to run on it, with a board and a radio network of this program's own."""
    machine = RunningMachine(json.loads((FOLDERS_AT / NAME / FACTS).read_text())["made"] + 60)
    machine.kept = True
    stage(machine, monkeypatch)
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "")
    config = tmp_path / "config.yaml"
    config.write_text(config_of(FOLDERS[NAME], free_port()))
    made = App(load(config))
    yield made
    made.stop()


def test_newer(app: App, newer: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Values flow; each file is named once, with what to do, and after the end all are what they were."""
    before = content(newer)
    assert tuple(before) == FILES
    app.start()

    def refused() -> list[str]:
        found = {
            line.split(" is of a newer version")[0] for line in caplog.text.splitlines() if "newer" in line
        }
        return [name for name in FILES if any(line.endswith(f"/{name}") for line in found)]

    until(lambda: refused() == list(FILES), what=caplog.text)
    until(lambda: all(sensor.status().last is not None for sensor in app.sensors.values()))
    parts = app.health()["parts"]
    for part in ("database", "history"):
        assert "newer version (99; this one knows" in parts[part]["message"], parts[part]
    assert parts["data folder"]["status"] == "ok"
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    for name in FILES:
        lines = [line for line in said if f"/{name} is of a newer version" in line]
        assert len(lines) == 1, lines
        assert "a newer sig-gateway wrote it" in lines[0]
        assert "move the file away" in lines[0]
    assert app.stop()
    assert content(newer) == before
