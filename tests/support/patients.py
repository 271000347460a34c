"""Set-ups for `doctor` to look at: a config in a folder, a made-up machine where hardware is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

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
            "LoadState": "loaded",
            "UnitFileState": "enabled",
            "ActiveState": "active",
            "Result": "success",
            "NRestarts": 0,
            "User": "",
            "MainPID": 0,
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


class Step(NamedTuple):
    """`shell`: what makes it ready; `user`: as whom doctor then runs, from this step on."""

    shell: str
    path: Path
    user: int | None = None


_PROGRAM = """
import json, os, subprocess, sys
from pathlib import Path
from gateway.cli import main
steps = json.load(sys.stdin)
sys.stdout = open(os.devnull, "w")
main(["doctor", "--json", "-c", steps[0]["path"]])  # all is imported while that may still be read
sys.stdout = sys.__stdout__
for step in steps:
    subprocess.run(["sh", "-c", step["shell"]], stdout=subprocess.DEVNULL)
    if step["user"] is not None and os.geteuid() != step["user"]:
        os.setgroups([])
        os.setgid(step["user"])
        os.setuid(step["user"])
    status = main(["doctor", "--json", "-c", step["path"]])
    print(status, flush=True)
"""


def in_program(*steps: Step) -> list[Diagnosis]:
    """By one program that has a mount namespace of its own: it may mount, and become another user."""
    given = json.dumps([step._asdict() for step in steps], default=str)
    done = subprocess.run(
        ["unshare", "-m", sys.executable, "-c", _PROGRAM],
        env={**os.environ, **UNCOVERED, "PYTHONPATH": str(ROOT)},
        input=given,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(steps), done.stderr
    return [read(said, int(status)) for said, status in zip(lines[::2], lines[1::2], strict=True)]
