"""A fleet with certificates: its folder, routers as `sig-gateway fleet-router`, and its members' sessions."""

from __future__ import annotations

import datetime
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gateway.fleet.enrol import Folder, Wanted
from gateway.fleet.session import Settings, Tls, close, open_session
from tests.support.ports import free_port

NOW = datetime.datetime.now(datetime.UTC)


def tls_of(folder: Path) -> Tls:
    """Of a member's folder."""
    return Tls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def enrolled_alone(folder: Path, name: str, **wanted: Any) -> None:
    """The three files of a new fleet's only member, in `folder`, as beside a config."""
    fleet = Folder(folder / "fleet")
    place = fleet.place(fleet.enrol(Wanted(name, **wanted), NOW, again=False))
    for file in ("ca.pem", "cert.pem", "key.pem"):
        shutil.copy2(place / file, folder / file)


class Router:
    """One process, begun with `start`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.log: list[str] = []
        self._folder = folder
        self._arguments = arguments
        self._listens = threading.Event()

    def start(self) -> None:
        """Returns when it listens."""
        command = [
            sys.executable,
            "-m",
            "gateway",
            "fleet-router",
            "--dir",
            str(self._folder),
            *self._arguments,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._listens.clear()
        self._reader = threading.Thread(target=self._read, name="log of a router")
        self._reader.start()
        assert self._listens.wait(60), self.log

    def stop(self) -> int:
        """As systemd does; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(60)
        self._reader.join()
        return status

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.log.append(line)
                if "listening on" in line:
                    self._listens.set()
        self._listens.set()


class Enrolled:
    """A fleet in `path`, with two routers linked with each other; `start` them when all are enrolled."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        self.ports = [free_port(), free_port()]
        for index, port in enumerate(self.ports):
            self.enrol(f"hub{index}", hosts=[f"127.0.0.1:{port}"])
        self.routers: list[Router] = []

    def enrol(self, name: str, *, again: bool = False, now: datetime.datetime = NOW, **wanted: Any) -> Path:
        """The folder with its files."""
        return self.folder.place(self.folder.enrol(Wanted(name, **wanted), now, again=again))

    def start(self) -> None:
        """Both; the second connects to the first."""
        urls = [f"tls://127.0.0.1:{port}" for port in self.ports]
        for index, more in enumerate(([], ["--connect", urls[0]])):
            router = Router(self.folder.path / f"hub{index}", "--listen", urls[index], *more)
            router.start()
            self.routers.append(router)

    def settings(self, name: str | Path, router: int) -> Settings:
        """Of a member, or of a folder with files such as one's, at that router."""
        folder = self.folder.path / name
        return Settings([f"tls/127.0.0.1:{self.ports[router]}"], tls_of(folder))

    @contextmanager
    def sessions(self, *wanted: tuple[str | Path, int]) -> Iterator[list[Any]]:
        """One for each member and router."""
        with ExitStack() as ended:
            made = []
            for name, router in wanted:
                session = open_session(self.settings(name, router))
                ended.callback(close, session)
                made.append(session)
            yield made

    def stop(self) -> None:
        """All routers that run."""
        for router in self.routers:
            assert router.stop() == 0, router.log


class Heard:
    """What reaches a session at some key expressions, as (key, text); `()` for a liveliness subscription."""

    def __init__(self, session: Any, *keys: str, tokens: Sequence[str] = ()) -> None:
        self.said: list[tuple[str, str]] = []
        self._declared = [session.declare_subscriber(key, self._take) for key in keys]
        self._declared += [
            session.liveliness().declare_subscriber(key, self._take, history=True) for key in tokens
        ]

    def _take(self, sample: Any) -> None:
        self.said.append((str(sample.key_expr), sample.payload.to_string() or str(sample.kind)))

    @property
    def keys(self) -> set[str]:
        """Which keys."""
        return {key for key, _ in self.said}


def answers(session: Any, key: str, payload: str = "") -> list[tuple[str, str]]:
    """All that are given to a question, as (key, text)."""
    import zenoh

    given = session.get(key, timeout=5.0, consolidation=zenoh.ConsolidationMode.NONE, payload=payload)
    return [(str(each.ok.key_expr), each.ok.payload.to_string()) for each in given if each.ok is not None]
