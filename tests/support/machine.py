"""A Debian with its own systemd as process 1, in namespaces of its own, for what an installation does.

It has no network but its loopback, and no device. Only root can have one, from `make debian-root`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
DEBIAN = ROOT / ".venv-debian" / "root"
SCRIPT = Path(__file__).with_name("machine.sh")
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup")
COMMAND_S = 300.0
"""An install compiles some 1,500 files."""


def why_not() -> str | None:
    """Why there can be no such machine here; None if there can."""
    if os.geteuid() != 0:
        return "only root can have namespaces with a systemd in them"
    if not (DEBIAN / "lib" / "systemd" / "systemd").exists():
        return "there is no Debian to boot; `make debian-root` fetches one"
    if _cgroups() is None:
        return "no cgroup2 is mounted here"
    return None


class Machine:
    """`folder` keeps what changes on its disk between two boots."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._group: Path | None = None
        self._init = 0

    def boot(self) -> None:
        """Start it, and wait until systemd says that it runs."""
        cgroups = _cgroups()
        assert cgroups is not None
        self._group = cgroups / f"sig-gateway-test-{os.getpid()}"
        self._group.mkdir(exist_ok=True)
        self._init = 0
        enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        inside = ["sh", str(SCRIPT), str(DEBIAN), str(self._folder)]
        self._process = subprocess.Popen(
            ["sh", "-c", enter, str(self._group), *UNSHARE, *inside], stdin=subprocess.DEVNULL
        )
        until(self._has_child, what="a process 1")
        until(lambda: self.does("systemctl", "is-system-running"), what="systemd to run")

    def shut_down(self) -> None:
        """As by pulling the plug: what it runs is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        if self._group is not None:
            until(self._without_group, what="its processes to be gone")

    def run(self, *command: str, status: int | None = 0) -> str:
        """Run a command in it, as root; what it prints. `status`: which it is to have, None for any."""
        done = self._run(command)
        said = f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert status is None or done.returncode == status, said
        return done.stdout + done.stderr

    def does(self, *command: str) -> bool:
        """Whether a command succeeds."""
        return self._run(command).returncode == 0

    def path(self, name: str) -> Path:
        """Of a file in it, as seen from here, while it runs."""
        return Path(f"/proc/{self._init}/root/{name.lstrip('/')}")

    def bring(self, *files: Path) -> None:
        """Have copies of files in its /root."""
        for file in files:
            shutil.copy(file, self.path("/root"))

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        inside = ["nsenter", "--all", f"--target={self._init}", *clean, *command]
        return subprocess.run(
            inside, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_S, check=False
        )

    def _has_child(self) -> bool:
        """Whether there is, in there, a process 1 that has become systemd."""
        assert self._process is not None
        assert self._process.poll() is None, "it did not boot"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = self._process.pid
            child = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self._init = int(child)
        return self._init != 0

    def _without_group(self) -> bool:
        """The innermost first; one with processes cannot be removed yet."""
        assert self._group is not None
        with contextlib.suppress(OSError):
            for folder, _, _ in os.walk(self._group, topdown=False):
                Path(folder).rmdir()
        return not self._group.exists()


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """One that has booted, and is gone afterwards."""
    made = Machine(folder)
    try:
        made.boot()
        yield made
    finally:
        made.shut_down()


def _cgroups() -> Path | None:
    """Where cgroup2 is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(folder)
    return None
