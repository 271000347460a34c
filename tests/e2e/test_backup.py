"""A backup by docs/examples/backup.sh, of a gateway that is at work, restored into an empty folder."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Gateway
from tests.support.old_folders import DEAD_PORT
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "backup.sh"
CONFIG = f"""\
gateway: {{{{name: test, data: ./data}}}}
router: {{{{listen: 127.0.0.1:{{port}}}}}}
links:
  board: {{{{port: "sim:?speed=3000"}}}}
  radio: {{{{protocol: mysensors, port: "sim:", discover: true}}}}
sensors:
  temp: {{{{driver: temperature, link: board}}}}
  humidity: {{{{driver: humidity, link: board, channel: hum}}}}
  light: {{{{driver: light, link: board, channel: lux}}}}
mqtt: {{{{url: "mqtt://127.0.0.1:{DEAD_PORT}", loss_window: 0.1s}}}}
history: {{{{window: 1s}}}}
"""
KEPT = ("identities.json", "radio.notes.json", "radio.discovered.json", "mqtt.db", "history.db")
WINDOW_S = 2.0
QUERIES = {
    "mqtt.db": "SELECT uid, time FROM events",
    "history.db": "SELECT time || ' ' || sensor, time / 1000.0 FROM readings",
}


CP = """#!/bin/sh
grep -h ^State /proc/{pid}/task/*/status >>{log}
exec {cp} "$@"
"""
"""Notes, before it copies a file, what each thread of a process is at."""


def backup(data: Path, target: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    command = ["sh", str(SCRIPT), str(data), str(target)]
    environment = {**os.environ, **environ}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def noting(busy: Gateway, tmp_path: Path) -> tuple[str, Path]:
    """A PATH with that `cp` first, and its notes of the gateway."""
    log, tools = tmp_path / "states", tmp_path / "tools"
    tools.mkdir()
    cp = tools / "cp"
    cp.write_text(CP.format(pid=busy.popen.pid, log=log, cp=shutil.which("cp")))
    cp.chmod(0o755)
    return f"{tools}{os.pathsep}{os.environ['PATH']}", log


def rows(path: Path, scratch: Path) -> dict[str, float]:
    """What plain SQLite finds there, and when it was; the files stay as they are."""
    scratch.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, scratch)
    with closing(sqlite3.connect(scratch / path.name)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return dict(db.execute(QUERIES[path.name]))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that writes hundreds of events a second, and has all of its files. The last test ends it."""
    folder = tmp_path_factory.mktemp("busy")
    with Gateway(folder, CONFIG, 0, **UNCOVERED) as started:
        started.wait_until_up()
        until(lambda: all((folder / "data" / name).exists() for name in KEPT))
        yield started


@pytest.mark.once
def test_it_goes_on_whatever_happens(tmp_path: Path, busy: Gateway) -> None:
    """A copy that fails half way leaves no gateway held, and nothing that looks like a backup."""
    limited = f"ulimit -f 8; exec sh {SCRIPT} {busy.folder}/data {tmp_path}/copy"
    done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert not (tmp_path / "copy").exists()
    began = time.time()
    until(lambda: reading(busy) > began, what="it goes on")


@pytest.mark.once
def test_under_load(
    busy: Gateway, tmp_path: Path, start: Callable[..., Gateway], noting: tuple[str, Path]
) -> None:
    """Everything that was on the disk then is in it, and nothing half; who restores it goes on with that."""
    data = busy.folder / "data"
    path, states = noting
    moments = []
    for number in range(3):
        moments.append(time.time())
        done = backup(data, tmp_path / f"backup-{number}", PATH=path)
        assert (done.returncode, done.stderr) == (0, "")
    assert set(states.read_text().splitlines()) == {"State:\tT (stopped)"}, "nothing was written meanwhile"
    until(lambda: reading(busy) > time.time() - WINDOW_S, what="it goes on")
    assert busy.signal(signal.SIGTERM) < 10
    for name in QUERIES:
        all_of_it = rows(data / name, tmp_path / f"all-{name}")
        for number, moment in enumerate(moments):
            there = rows(tmp_path / f"backup-{number}" / name, tmp_path / f"{number}-{name}")
            assert there.keys() <= all_of_it.keys()
            must = {row for row, at in all_of_it.items() if at < moment - WINDOW_S}
            assert must
            assert must <= there.keys(), (name, number)
    files = {path.name for path in (tmp_path / "backup-2").iterdir()}
    assert files >= {*KEPT, "mqtt.db-wal"}
    assert not [name for name in files if name.endswith(("-shm", ".lock"))]
    restored = restore(tmp_path / "backup-2", tmp_path / "data", start)
    waited = rows(tmp_path / "backup-2" / "mqtt.db", tmp_path / "waited")
    restored.wait_for_error(f"{len(waited)} events of earlier wait in the outbox")
    known = json.loads((tmp_path / "backup-2" / "radio.discovered.json").read_text())["sensors"]
    found = restored.senders()
    assert {f"radio-{channel.replace('/', '-')}" for channel in known} <= found.keys()
    for name in ("identities.json", "radio.notes.json", "radio.discovered.json"):
        assert (tmp_path / "data" / name).read_bytes() == (tmp_path / "backup-2" / name).read_bytes()
    past = restored.run("history", "temp", "--format", "json")
    assert past.returncode == 0, past.stderr
    # who asks for history in its first moments is told to ask again, and the log has it
    errors = [line for line in restored.errors.splitlines() if " ERROR " in line]
    assert [line for line in errors if "history is not opened yet" not in line] == []


def restore(kept: Path, data: Path, start: Callable[..., Gateway]) -> Gateway:
    """As docs/updating.md has it; the boards are not plugged in."""
    shutil.copytree(kept, data)
    text = CONFIG.replace("sim:?speed=3000", "/nonexistent/board").replace('"sim:"', "/nonexistent/radio")
    gateway = start(text, **UNCOVERED)
    gateway.wait_for_error("listening on")
    return gateway


def reading(gateway: Gateway) -> float:
    """When the newest was measured (UTC)."""
    with gateway.client() as client:
        last: dict[str, Any] = client.remoteRequest("temp", "last")
    return datetime.fromisoformat(last["time"]).timestamp()


def test_one_that_does_not_run(tmp_path: Path) -> None:
    """Is copied as it stands; the process in its lock's file may be anybody's by now."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "clock.json").write_text("{}")
    (data / "board").symlink_to("/dev/null")
    (data / ".lock").write_text(f"{os.getpid()}\n")
    done = backup(data, tmp_path / "copy")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["clock.json"]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700


def test_refused(tmp_path: Path) -> None:
    """An older backup is not written over; a folder that is not there is said to be so."""
    (tmp_path / "data").mkdir()
    (tmp_path / "copy").mkdir()
    assert "is there already" in backup(tmp_path / "data", tmp_path / "copy").stderr
    done = backup(tmp_path / "none", tmp_path / "other")
    assert (done.returncode, "no such folder" in done.stderr) == (1, True)
    assert not (tmp_path / "other").exists()
