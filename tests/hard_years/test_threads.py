"""A gateway that may not have one thread more (RLIMIT_NPROC), as an ordinary user: root is exempt."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import conftest
from tests.e2e.conftest import COMMAND, CONFIG, Gateway
from tests.support.ports import free_port
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

USER = 200_000 + os.getpid()
"""Nobody else's, as the limit is on all that a user runs."""
READS = "dac_read_search"
"""The capability to read what is root's, such as this Python; the limit holds all the same."""
AS_USER = [
    "setpriv",
    f"--reuid={USER}",
    f"--regid={USER}",
    "--clear-groups",
    f"--inh-caps=-all,+{READS}",
    f"--ambient-caps=-all,+{READS}",
    f"--bounding-set=-all,+{READS}",
]
CALLERS = 40
MOST_LINES = 60
"""Of the log, whatever happens to how many callers."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None, reason="takes root and setpriv: another user"
    ),
]


@pytest.fixture
def theirs(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, whose programs the gateways of the test are."""
    monkeypatch.setattr(conftest, "COMMAND", [*AS_USER, *COMMAND])
    os.chown(quick_path, USER, USER)
    return quick_path


def tasks() -> int:
    """How many the user has, as the kernel counts them: threads."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == USER:
                count += len(list((process / "task").iterdir()))
    return count


def limit(pid: int, most: int) -> None:
    """How many tasks the user may have, for that process; set as its user, who needs no capability."""
    subprocess.run([*AS_USER, "prlimit", f"--pid={pid}", f"--nproc={most}:"], check=True)


@contextlib.contextmanager
def callers(*ports: int) -> Iterator[None]:
    """Programs that connect, and of which nobody leaves."""
    with contextlib.ExitStack() as stack:
        for port in ports * CALLERS:
            with contextlib.suppress(OSError):
                caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=1))
                caller.sendall(b"GET /api/v1/senders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        yield


def answers(port: int) -> bool:
    """Whether the health page is served."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        return bool(answer.status == 200)
    return False


@pytest.mark.parametrize("until_the_end", [False, True])
def test_no_thread_more(theirs: Path, until_the_end: bool) -> None:
    """Who was there before hears of values, of a board too that comes back meanwhile; what needs a thread
    says that it has none, in few lines. Once there are some all is as before; and where there are none until
    the end, it ends as it should: in time, with nothing lost."""
    http = free_port()
    text = CONFIG + f"http: {{{{listen: 127.0.0.1:{http}}}}}\nhistory: {{{{window: 1s}}}}\n"
    with Gateway(theirs, text, 0, **UNCOVERED) as gateway:
        gateway.wait_until_up()
        until(lambda: answers(http))
        pid, heard = gateway.popen.pid, list[Any]()
        with gateway.client() as client:
            client.addRemoteListener(lambda _info, data: heard.append(data), "temp", "#changed")
            limit(pid, tasks())
            with callers(gateway.port, http):
                gateway.wait_for_error("can't start new thread")
                gateway.tell_board("unplug")
                gateway.wait_for_error("is unplugged")
                gateway.tell_board("replug")
                heard.clear()
                until(lambda: len(heard) > 30, what=gateway.errors)
        if not until_the_end:
            limit(pid, resource.getrlimit(resource.RLIMIT_NPROC)[0])
            until(lambda: gateway.cli("senders").returncode == 0)
            until(lambda: answers(http))
        assert gateway.signal(signal.SIGTERM) < 10
        assert gateway.popen.returncode == 0, gateway.errors
        assert "none lost" in gateway.errors
        assert gateway.errors.splitlines()[-1].endswith("stopped")
        assert len(gateway.errors.splitlines()) <= MOST_LINES, gateway.errors


@pytest.mark.parametrize("most", [1, 3, 5])
def test_too_few_to_start(theirs: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """It says so in its last line, with where the limit is, and leaves nothing running."""
    monkeypatch.setattr(conftest, "COMMAND", [*AS_USER, "prlimit", f"--nproc={most}", *COMMAND])
    with Gateway(theirs, CONFIG, 0, **UNCOVERED) as gateway:
        assert gateway.popen.wait(60) == 1
        assert gateway.errors.splitlines()[-1].startswith("error: can't start new thread: "), gateway.errors
    until(lambda: tasks() == 0)
