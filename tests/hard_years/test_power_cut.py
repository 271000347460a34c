"""A power cut at any write of a whole gateway's: the next start finds nothing that is damaged, and works."""

import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gateway import recording as recording_module
from gateway.app import App
from gateway.config import load
from tests.hard_years.recorded import Operation, after, read, recording, shim
from tests.support.leaks import nothing_left
from tests.support.old_folders import DEAD_PORT
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
CUTS, FEW = 400, 12
LIVES, EACH_BYTES = 2, 150_000
CONFIG = """\
gateway: {{name: cut, data: {data}}}
router: {{listen: "unix:{folder}/router"}}
links:
  board: {{port: "{board}"}}
  radio: {{protocol: mysensors, port: "{radio}", discover: true}}
sensors:
  temp: {{driver: temperature, link: board}}
  light: {{driver: light, link: board, channel: lux}}
mqtt: {{url: "mqtt://127.0.0.1:{port}", loss_window: 0.2s}}
history: {{window: 1s}}
"""
FILES = {
    "clock.json",
    "history.db",
    "identities.json",
    "mqtt.db",
    "radio.discovered.json",
    "radio.notes.json",
}
"""All that a gateway keeps, but for its lock."""


def config(folder: Path, data: Path, board: str, radio: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(data=data, folder=folder, board=board, radio=radio, port=DEAD_PORT))
    return path


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> list[Operation]:
    """What a gateway does to its folder in two lives, each of which begins with what the other left."""
    folder = tmp_path_factory.mktemp("recorded")
    record, data = folder / "record", folder / "data"
    watch = recording(shim(folder), record, data)
    path = os.pathsep.join([str(ROOT), str(ROOT / "firmware-sim")])
    environment = {**os.environ, **UNCOVERED, **watch, "PYTHONPATH": path, "SIG_GATEWAY_CLOCK": "set"}
    started = config(folder, data, "sim:?speed=2000", "sim:")
    for _ in range(LIVES):
        enough = EACH_BYTES + (record.stat().st_size if record.exists() else 0)
        command = [sys.executable, "-P", "-m", "gateway", "run", "-c", str(started)]
        with (folder / "errors").open("ab") as errors:
            gateway = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )
        try:
            until(partial(has_written, record, enough, data), what=(folder / "errors").read_text())
        finally:
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(60) == 0
    return read(record)


def has_written(record: Path, enough: int, data: Path) -> bool:
    """Whether each of its files is there, and enough was written."""
    return all((data / name).exists() for name in FILES - {"clock.json"}) and record.stat().st_size >= enough


def test_the_record_is_of_everything(operations: list[Operation]) -> None:
    """Of each file that there is, something was recorded."""
    names = {one.data.decode() if one.what == b"r" else one.name for one in operations}
    assert names >= FILES | {"mqtt.db-wal", "history.db-wal"}
    whole = after(operations, len(operations), random.Random(0))
    assert whole.keys() >= FILES


@pytest.mark.once
@pytest.mark.parametrize(
    "seeds",
    [range(FEW), pytest.param(range(FEW, CUTS), marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    ids=["few", "many"],
)
def test_cut(
    operations: list[Operation],
    quick_path: Path,
    seeds: range,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It starts, each file can be written, and none was found to be damaged; what was synced is there."""
    monkeypatch.setattr(recording_module, "FIRST_S", 0.0)  # there are no boards to wait for
    caplog.set_level(logging.INFO)
    for seed in seeds:
        chance = random.Random(seed)
        folder = quick_path / str(seed)
        data = folder / "data"
        data.mkdir(parents=True)
        count = chance.randrange(len(operations))
        for name, content in after(operations, count, chance).items():
            (data / name).write_bytes(content)
        caplog.clear()
        app = App(load(config(folder, data, "/nonexistent/board", "/nonexistent/radio")))
        with nothing_left():
            start_and_stop(app, seed)
        assert all(map(is_expected, caplog.records)), (seed, count, caplog.text)
        check_promises(after(operations, count, None), data, folder / "certain")
        shutil.rmtree(folder)


def start_and_stop(app: App, seed: int) -> None:
    app.start()
    try:
        until(lambda: well(app), what=f"{seed}: {app.health()}")
    finally:
        app.stop()  # in time or not: this machine may have a lot else to do


def well(app: App) -> bool:
    parts = app.health()["parts"]
    return all(parts[name]["status"] == "ok" for name in ("data folder", "database", "history"))


def is_expected(record: logging.LogRecord) -> bool:
    """Of what is wrong, only this: the outbox's last transaction is torn. It reads whatever there is of such
    a log, and begins another file."""
    text = record.getMessage()
    torn = "mqtt.db is damaged (its write-ahead log is broken at frame" in text
    return torn or (record.levelno < logging.ERROR and "cannot be used" not in text)


QUERIES = {
    "mqtt.db": "SELECT uid, sender, event, head FROM events",
    "history.db": "SELECT time, name, value FROM readings JOIN sensors ON sensor = key",
}


def check_promises(certain: dict[str, bytes], data: Path, scratch: Path) -> None:
    """Small files are whole, and there if they were; every row is there that had been synced."""
    scratch.mkdir()
    for name, content in certain.items():
        (scratch / name).write_bytes(content)
    for name in sorted(FILES):
        if name in QUERIES:
            assert rows(data / name) >= rows(scratch / name), name
        elif name in certain or (data / name).exists():
            assert json.loads((data / name).read_text())["version"] == 1


def rows(path: Path) -> set[tuple[object, ...]]:
    """By plain SQLite; none where there are no tables yet."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), path
        if not db.execute("SELECT * FROM sqlite_master").fetchone():
            return set()
        return set(db.execute(QUERIES[path.name]))
