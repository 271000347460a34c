"""Set-ups for `doctor` to look at: a config in a folder, a made-up machine where hardware is needed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.cli.doctor import Where, doctor
from gateway.doctor.machine import Machine
from tests.support.ports import free_port
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import DEADLINE_S

ROOT = Path(__file__).parents[2]
NOBODY = 65534


class Line(NamedTuple):
    """Of what doctor says."""

    check: str
    level: str
    message: str
    remedy: str | None


class Diagnosis(NamedTuple):
    """What it says in the whole, and its exit status."""

    status: int
    lines: list[Line]

    def of(self, check: str, level: str = "red") -> Line:
        """The first line of a check in that colour; there must be one."""
        found = [line for line in self.lines if (line.check, line.level) == (check, level)]
        assert found, self.lines
        return found[0]


def read(text: str, status: int) -> Diagnosis:
    """From what `doctor --json` prints."""
    said = json.loads(text)
    lines = [Line(**line) for line in said["checks"]]
    worst = next(
        (level for level in ("red", "yellow", "green") if any(one.level == level for one in lines)), ""
    )
    assert said["status"] == worst
    assert status == (worst == "red")
    assert all(line.remedy for line in lines if line.level != "green"), lines
    return Diagnosis(status, lines)


class Patient:
    """A config in `folder`, with ports of its own. `machine`: the root of a made-up one."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.folder = folder
        self.path = folder / "config.yaml"
        self.router, self.http = free_port(), free_port()
        self.machine = folder / "machine"
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def config(self, text: str = "") -> str:
        """Write a config; what it does not say of the router is so that nobody else is there."""
        if "router:" not in text:
            text = f"router: {{listen: '127.0.0.1:{self.router}'}}\n{text}"
        self.path.write_text(text)
        return text

    def put(self, path: str, text: str) -> None:
        """A file of the made-up machine."""
        place = self.machine / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def program(self, name: str, script: str) -> None:
        """A program on PATH, as the shell's text."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
        if str(folder) not in os.environ["PATH"].split(":"):
            self._monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def unit(self, journal: str = "", **facts: object) -> None:
        """systemd has the service, with these facts."""
        (self.machine / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        known = {
            **{
                "LoadState": "loaded",
                "UnitFileState": "enabled",
                "ActiveState": "active",
                "Result": "success",
            },
            **{"NRestarts": 0, "User": "", "MainPID": 0},
            **facts,
        }
        lines = "\n".join(f"{key}={value}" for key, value in known.items())
        self.program("systemctl", f"cat <<'END'\n{lines}\nEND")
        self.program("journalctl", f"cat <<'END'\n{journal}\nEND" if journal else "exit 1")

    def diagnosis(self, url: str | None = None) -> Diagnosis:
        """In this process."""
        machine = Machine(self.machine) if self.machine.exists() else Machine()
        self._capsys.readouterr()
        status = doctor(self.path, Where(url, None), as_json=True, bundle=None, yes=False, machine=machine)
        return read(self._capsys.readouterr().out, status)


def in_program(*before: str, path: Path, user: int | None = None) -> Diagnosis:
    """By `sig-gateway doctor` as a program. `before`: what starts it; `user`: as whom it runs."""
    done = subprocess.run(
        [*before, *command(path)],
        env={**os.environ, **UNCOVERED, "PYTHONPATH": str(ROOT)},
        cwd="/",
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return read(done.stdout, done.returncode)


def command(path: Path) -> Sequence[str]:
    """Its command line."""
    return [sys.executable, "-m", "gateway", "doctor", "--json", "-c", str(path)]


def in_shell(script: str, path: Path) -> Diagnosis:
    """In a mount namespace of its own, which `script` makes ready."""
    line = f'{script} || exit 99; exec "$@"'
    return in_program("unshare", "-m", "sh", "-c", line, "sh", path=path)


def names(diagnosis: Diagnosis) -> dict[str, Any]:
    """Check and level of each line, for messages."""
    return {line.check: line.level for line in diagnosis.lines}
