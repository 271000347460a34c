"""Data folders of every earlier version: today's gateway opens them, and nothing in them is lost."""

import hashlib
import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import gateway
from drivers.stream.mysensors.memory import from_notes
from drivers.stream.mysensors.silence import Limits
from gateway.app import App
from gateway.clock.memory import Memory
from gateway.config import load
from gateway.discovered import discovers
from gateway.history.archive import Archive
from gateway.identities import Identities
from gateway.notes import LinkNotes
from tests.support.fake_machine import RunningMachine
from tests.support.old_folders import FACTS, FOLDERS, FOLDERS_AT, config_of
from tests.support.ports import free_port
from tests.support.staged_time import stage
from tests.support.waiting import until

MINUTE = 60.0
RENEWED = {"5-first-history": ["history.db"]}
"""Files whose tables cannot be migrated, as they had no number of their own: set aside, read row by row."""
MIGRATIONS = {
    "history/migrations/0001_history.sql": "95a04835f10b5e8f",
    "history/migrations/0002_covered.sql": "0561d6fca65e7fab",
    "member/migrations/0001_spool.sql": "a1c32ee471cab437",
    "mqtt/outbox/migrations/0001_outbox.sql": "802847120ae1c24a",
    "mqtt/outbox/migrations/0002_checksums.sql": "51b30fe0425e3095",
}
"""The first digits of what each script's SHA-256 was when it became part of a version."""


def facts_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDERS_AT / name / FACTS).read_text())
    return found


@contextmanager
def running(name: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[App]:
    """Today's gateway on a copy of it, a minute after it was made; without the boards."""
    data = folder / "data"
    shutil.copytree(FOLDERS_AT / name, data, ignore=shutil.ignore_patterns(FACTS))
    machine = RunningMachine(facts_of(name)["made"] + MINUTE, boot="boot-today")
    machine.kept = True
    stage(machine, patch)
    patch.setenv("SIG_GATEWAY_CLOCK", "")
    config = folder / "config.yaml"
    text = config_of(FOLDERS[name], free_port())
    config.write_text(
        text.replace("sim:?speed=1200", "/nonexistent/board").replace("sim:", "/nonexistent/radio")
    )
    app = App(load(config))
    app.start()
    try:
        until(lambda: opened(app), what=str(app.health()))
        yield app
    finally:
        assert app.stop()


def opened(app: App) -> bool:
    """Whether each of its files can be written."""
    parts = app.health()["parts"]
    there = [parts[name] for name in ("database", "history", "data folder") if name in parts]
    return all(part["status"] == "ok" for part in there) and not parts["mqtt"]["message"].startswith(
        "connecting"
    )


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


@pytest.mark.parametrize("name", FOLDERS)
def test_opens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every event still waits, every reading is there at its time, and every small file is as it was."""
    facts, data = facts_of(name), tmp_path / "data"
    with running(name, tmp_path, monkeypatch) as app:
        waiting = app.health()["parts"]["mqtt"]["waiting"]
    assert waiting >= len(facts["mqtt.db"]) > 0
    uids = [tuple(row) for row in facts["mqtt.db"]]
    assert set(uids) <= set(rows(data / "mqtt.db", "SELECT uid FROM events"))
    aside = sorted(path.name.partition(".damaged")[0] for path in data.glob("*.damaged*"))
    assert aside == RENEWED.get(name, [])
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == len(aside), errors
    if "history.db" in facts:
        with Archive(data / "history.db") as archive:
            found = [
                [sender.name, row.time, row.value]
                for sender in archive.senders()
                for row in archive.rows(sender.name, 0, 1 << 45)
            ]
        assert len(facts["history.db"]) >= 10
        assert all(row in found for row in facts["history.db"])


@pytest.mark.parametrize("name", [name for name, past in FOLDERS.items() if past.mysensors])
def test_nodes_and_senders(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a radio link has found has its senders from the start; no node's id is given to another."""
    files = facts_of(name)["files"]
    with running(name, tmp_path, monkeypatch) as app:
        assert discovers(app.config.links["radio"].options)
        channels = {section.channel for section in app.names.discovered().values()}
        assert channels == set(files["radio.discovered.json"]["sensors"])
    given, nodes = from_notes(LinkNotes(tmp_path / "data" / "radio.notes.json", "radio").recall(), Limits())
    notes = files["radio.notes.json"]["notes"]
    assert (sorted(given), {str(node) for node in nodes}) == (notes["ids"], set(notes["nodes"]))


@pytest.mark.parametrize("name", FOLDERS)
def test_small_files(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Which board was on which link, and what time it was last."""
    shutil.copytree(FOLDERS_AT / name, tmp_path, dirs_exist_ok=True)
    files = facts_of(name)["files"]
    if "identities.json" in files:
        known = Identities(tmp_path / "identities.json", ["board", "radio"])
        assert known.recall("board", "") == files["identities.json"]["links"]["board"][""]
    if "clock.json" in files:
        memory = Memory(tmp_path / "clock.json")
        assert memory.newest == files["clock.json"]["newest"]
        assert all(memory.offset(boot) == of[0] for boot, of in files["clock.json"]["boots"].items())
    assert caplog.text == ""


def test_every_format_has_its_folder() -> None:
    """Whoever adds a migration adds the folder of the version before it."""
    versions = {
        database: {
            int.from_bytes(file.read_bytes()[60:64], "big")  # where SQLite keeps `user_version`
            for file in FOLDERS_AT.glob(f"*/{database}")
            if not Path(f"{file}-wal").exists()
        }
        for database in ("mqtt.db", "history.db")
    }
    scripts = {
        "mqtt.db": len(list(Path(gateway.__file__).parent.glob("mqtt/outbox/migrations/*.sql"))),
        "history.db": len(list(Path(gateway.__file__).parent.glob("history/migrations/*.sql"))),
    }
    assert versions == {database: set(range(1, count + 1)) for database, count in scripts.items()}


def test_no_migration_is_changed() -> None:
    """A script that has run on somebody's disk stays as it was; what is new comes in one of its own."""
    root = Path(gateway.__file__).parent
    found = {
        str(script.relative_to(root)): hashlib.sha256(script.read_bytes()).hexdigest()[:16]
        for script in sorted(root.rglob("migrations/*.sql"))
    }
    assert found == MIGRATIONS
