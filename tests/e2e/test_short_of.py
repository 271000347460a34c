"""A gateway that is short of descriptors, of memory and threads, of a disk to write to: values flow."""

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import sig
from tests.e2e import conftest
from tests.e2e.conftest import COMMAND, CONFIG, Gateway
from tests.support.ports import free_port
from tests.support.uncovered import UNCOVERED
from tests.support.waiting import until

pytestmark = pytest.mark.once

CALLERS = 100
MOST_LINES = 40
"""Of the log, whatever happens to how many callers: one that goes on for days is not to fill a card."""
UNLIMITED = resource.RLIM_INFINITY
MORE = """\
http: {{{{listen: 127.0.0.1:{http}}}}}
history: {{{{window: 1s}}}}
"""


@pytest.fixture
def http() -> int:
    return free_port()


@pytest.fixture
def served(start: Callable[..., Gateway], http: int) -> Gateway:
    """With all of its services, which are up."""
    gateway = start(CONFIG + MORE.format(http=http), 0, **UNCOVERED).wait_until_up()
    until(lambda: answers(http))
    return gateway


def answers(port: int) -> bool:
    """Whether the health page is served."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def newest(client: sig.ClientRouter) -> float:
    """When the newest reading was measured (UTC)."""
    last: dict[str, Any] = client.remoteRequest("temp", "last")
    return datetime.fromisoformat(last["time"]).timestamp()


@contextlib.contextmanager
def callers(*ports: int) -> Iterator[None]:
    """Many programs that connect at once, some of which ask for something, and nobody leaves."""
    with contextlib.ExitStack() as stack:
        for _ in range(CALLERS):
            for port in ports:
                with contextlib.suppress(OSError):
                    caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=1))
                    caller.sendall(b"GET /api/v1/senders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        yield


@pytest.mark.slow
@pytest.mark.parametrize("short_of", ["descriptors", "memory"])
def test_short_of(served: Gateway, http: int, short_of: str) -> None:
    """Who was there before hears of values, nothing is lost, little is logged; then all is as before."""
    pid = served.popen.pid
    kind, most = resource.RLIMIT_NOFILE, len(list(Path(f"/proc/{pid}/fd").iterdir())) + 4
    hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    heard: list[Any] = []
    with served.client() as client:
        client.addRemoteListener(lambda _info, data: heard.append(data), "temp", "#changed")
        if short_of == "memory":  # of which a thread is the first that cannot be had
            size = re.search(r"VmSize:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            assert size is not None
            kind, most, hard = resource.RLIMIT_AS, (int(size[1]) + 1000) * 1024, UNLIMITED
        before = resource.prlimit(pid, kind, (most, hard))
        with callers(served.port, http):
            heard.clear()
            until(lambda: len(heard) > 30)
        resource.prlimit(pid, kind, before)
        until(lambda: answers(http))
    until(lambda: served.cli("senders").returncode == 0)
    assert served.signal(signal.SIGTERM) < 10
    assert "none lost" in served.errors
    assert len(served.errors.splitlines()) <= MOST_LINES, served.errors[:3000]


class Card:
    """An ext4 file system in a file, at `folder`, that turns read-only at an error, as those of a Raspberry
    Pi do. Only programs that are started with `enter` see it."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder
        self._holder: subprocess.Popen[str] | None = None

    def make(self) -> None:
        """Skips the test where there can be none."""
        with self._image.open("wb") as file:
            file.truncate(32 << 20)
        made = shutil.which("mkfs.ext4", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        if os.geteuid() != 0 or made is None or shutil.which("nsenter") is None:
            pytest.skip("takes root, mkfs.ext4 and nsenter: a file system of its own")
        subprocess.run([made, "-q", str(self._image)], check=True)

    def mount(self) -> None:
        """Skips the test where that is not allowed."""
        mount = f"mount -o loop,errors=remount-ro {self._image} {self.folder}"
        told = f"{mount} && findmnt -no SOURCE {self.folder} && exec cat"
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._holder.stdout is not None
        self._device = Path(self._holder.stdout.readline().strip()).name
        if not self._device or not self._trigger.exists():
            pytest.skip("no file system can be mounted here, or not be made to fail")

    @property
    def _trigger(self) -> Path:
        return Path(f"/sys/fs/ext4/{self._device}/trigger_fs_error")

    def fail(self) -> None:
        """From now on it is read-only, also for files that are open."""
        self._trigger.write_text("1")

    def enter(self, command: list[str]) -> list[str]:
        assert self._holder is not None
        return [
            "nsenter",
            "--mount",
            "--target",
            str(self._holder.pid),
            f"--wd={self.folder.parent}",
            *command,
        ]

    def unmount(self) -> None:
        """When nobody uses it any more."""
        if self._holder is not None:
            self._holder.terminate()
            self._holder.wait()
            for pipe in (self._holder.stdin, self._holder.stdout):
                assert pipe is not None
                pipe.close()
            self._holder = None

    def repair(self) -> None:
        """What is done at the next boot."""
        check = shutil.which("fsck.ext4", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert check is not None
        subprocess.run([check, "-pf", str(self._image)], check=False, capture_output=True)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    """Mounted at `data`."""
    folder = tmp_path / "data"
    folder.mkdir()
    made = Card(tmp_path / "image", folder)
    made.make()
    made.mount()
    yield made
    made.unmount()


@pytest.mark.slow
def test_the_card_turns_read_only(card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values flow, and what cannot be written is said; it ends in time; after a boot nothing that had been
    written is lost, and all goes on."""
    monkeypatch.setattr(conftest, "COMMAND", card.enter(COMMAND))
    text = CONFIG + "mqtt: {{url: 'mqtt://127.0.0.1:9'}}\nhistory: {{window: 1s}}\n"
    with conftest.Gateway(tmp_path, text, 0, **UNCOVERED) as gateway:
        gateway.wait_until_up()
        until(lambda: written(gateway) > 3, what=gateway.errors)
        count = written(gateway)
        card.fail()
        for words in ("history: disk I/O error", "mqtt: the outbox cannot be used: disk I/O error"):
            gateway.wait_for_error(words)
        with gateway.client() as client:
            since = newest(client)
            until(lambda: newest(client) > since)
            health = client.remoteRequest("$gateway", "health")["parts"]
        assert {health[part]["status"] for part in ("history", "database")} == {"failing"}
        assert gateway.signal(signal.SIGTERM) < 10
        assert len(gateway.errors.splitlines()) <= MOST_LINES
    card.unmount()
    card.repair()
    card.mount()
    monkeypatch.setattr(conftest, "COMMAND", card.enter(COMMAND))
    with conftest.Gateway(tmp_path, text, 0, **UNCOVERED) as again:
        again.wait_until_up()
        again.wait_for_error("events of earlier wait in the outbox")
        assert written(again) >= count
        assert "ERROR" not in again.errors


def written(gateway: Gateway) -> int:
    """Readings that history has on the disk."""
    found = gateway.run("history", "temp", "--format", "csv", "--since", "1h")
    return max(0, len(found.stdout.splitlines()) - 1) if found.returncode == 0 else 0
