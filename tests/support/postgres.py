"""A real PostgreSQL, Debian's, in a folder of its own: on a Unix socket, as a user who may run one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PROGRAMS = Path("/usr/lib/postgresql")
PACKAGE = "postgresql"


class Postgres:
    """One cluster, of which a test stops and starts the server."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self._folder = folder
        self._programs = programs
        self._user = user
        self.url = f"postgresql://tester@/postgres?host={folder}"

    def make(self) -> None:
        """Its files."""
        self._run(self._programs / "initdb", "-D", self._data, "-U", "tester", "-A", "trust", "-N")

    def start(self) -> None:
        """Returns when it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._run(self._control, "-D", self._data, "-w", "-l", self._folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """At once: what is under way is broken off."""
        self._run(self._control, "-D", self._data, "-w", "-m", "immediate", "stop")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _control(self) -> Path:
        return self._programs / "pg_ctl"

    def _run(self, *command: object) -> None:
        become = [] if self._user is None else ["setpriv", f"--reuid={self._user}", "--clear-groups", "--"]
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        done = subprocess.run(
            [*become, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if "start" not in command else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if "start" not in command else subprocess.DEVNULL,
            cwd=self._folder,
            env=environ,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """For the length of a with block, running; the test is skipped where there is none."""
    found = sorted(_PROGRAMS.glob("*/bin/initdb"))
    if not found:
        pytest.skip(f"there is no PostgreSQL; on Debian and Raspberry Pi OS: sudo apt install {PACKAGE}")
    user = "nobody" if os.getuid() == 0 else None  # it does not run as root
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path is short
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        made = Postgres(folder, found[-1].parent, user)
        made.make()
        made.start()
        try:
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
