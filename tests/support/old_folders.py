"""Makes the data folders in tests/data/folders again: each by the gateway of its day, from this repository.

    python -m tests.support.old_folders [NAME …]

For each, the commit's own program runs for some seconds on simulated boards, with a broker that is not there,
and is ended; what it leaves is what a person finds after an update. A folder that is there is left alone:
they are test data from the day on which they were made, and only a new format needs a new one (a line in
FOLDERS).
"""

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FOLDERS_AT = ROOT / "tests" / "data" / "folders"
FACTS = "facts.json"
RUN_S = 12.0
"""A board's hello, some readings, and the loss window."""
DEAD_PORT = 9
"""Nobody listens there ("discard"): events wait in the outbox."""


class Past(NamedTuple):
    """`commit`: the first that wrote its files so. `killed`: it was not ended but killed, so that logs stand
    beside the databases."""

    commit: str
    what: str
    mysensors: bool = False
    history: bool = False
    killed: bool = False


FOLDERS = {
    "1-outbox": Past("62cc0f0", "an outbox without checksums"),
    "2-identities": Past("ee1f996", "which boards were on the links"),
    "3-nodes": Past("e21b33c", "radio nodes, and what they have", mysensors=True),
    "4-time": Past("abefc59", "an outbox with checksums, and what time it was", mysensors=True),
    "5-first-history": Past("bc03bb1", "history, with other tables for days", mysensors=True, history=True),
    "6-history": Past("858089c", "all of it, as 0.1.0 has it", mysensors=True, history=True),
    "7-killed": Past("858089c", "the same, and the power failed", mysensors=True, history=True, killed=True),
    "8-covered": Past("619a4d0", "history that knows what its days hold", mysensors=True, history=True),
}


def config_of(past: Past, port: int) -> str:
    """A board with three sensors, and a radio gateway where there was one."""
    text = f"""\
gateway: {{name: past, data: ./data}}
router: {{listen: 127.0.0.1:{port}}}
links:
  board: {{port: "sim:?speed=1200"}}
"""
    if past.mysensors:
        text += '  radio: {protocol: mysensors, port: "sim:", discover: true}\n'
    text += f"""\
sensors:
  temp: {{driver: temperature, link: board}}
  humidity: {{driver: humidity, link: board, channel: hum}}
  light: {{driver: light, link: board, channel: lux}}
mqtt: {{url: "mqtt://127.0.0.1:{DEAD_PORT}"}}
"""
    return text + ("history: {keep: 400d}\n" if past.history else "")


def facts(data: Path) -> dict[str, Any]:
    """What plain SQLite and JSON find there: what no update may lose. `made`: UTC seconds."""
    found: dict[str, Any] = {"made": round(time.time(), 3), "files": {}}
    for path in sorted(data.glob("*.json")):
        found["files"][path.name] = json.loads(path.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        for name, query in (
            ("mqtt.db", "SELECT uid FROM events ORDER BY id"),
            ("history.db", "SELECT name, time, value FROM readings JOIN sensors ON sensor = key"),
        ):
            if (data / name).exists():
                for file in data.glob(f"{name}*"):
                    shutil.copy(file, scratch)
                with closing(sqlite3.connect(Path(scratch) / name)) as db:
                    found[name] = db.execute(query).fetchall()
    return found


def make(name: str) -> None:
    """One of them. Raises CalledProcessError where the commit is not here."""
    past = FOLDERS[name]
    archive = subprocess.run(["git", "archive", past.commit], cwd=ROOT, check=True, capture_output=True)
    with tempfile.TemporaryDirectory() as scratch:
        program = Path(scratch) / "program"
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(program, filter="data")
        (Path(scratch) / "config.yaml").write_text(config_of(past, 7399))
        path = os.pathsep.join([str(program), str(program / "firmware-sim")])
        environment = {**os.environ, "PYTHONPATH": path, "SIG_GATEWAY_CLOCK": "set"}
        command = [sys.executable, "-P", "-m", "gateway", "run", "-c", "config.yaml"]
        with subprocess.Popen(command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL) as gateway:
            time.sleep(RUN_S)
            gateway.send_signal(signal.SIGKILL if past.killed else signal.SIGTERM)
            gateway.wait(30)
        target = FOLDERS_AT / name
        target.mkdir(parents=True)
        data = Path(scratch) / "data"
        for file in sorted(data.iterdir()):
            if file.suffix == ".json" or (".db" in file.name and not file.name.endswith("-shm")):
                shutil.copy(file, target)
        (target / FACTS).write_text(json.dumps(facts(data), ensure_ascii=True) + "\n")


def main() -> None:
    """See the module."""
    for name in sys.argv[1:] or FOLDERS:
        if (FOLDERS_AT / name).exists():
            print(f"{name}: it is there, and stays as it is")
        else:
            make(name)
            print(f"{name}: made by {FOLDERS[name].commit}: {FOLDERS[name].what}")


if __name__ == "__main__":
    main()
