"""`sig-gateway fleet-router` as a process: ready, status, signals, a port that is held."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.fleet.enrol import Folder
from gateway.fleet.session import Settings
from tests.support.fleet_enrolled import NOW, Enrolled, Heard
from tests.support.fleet_routers import client, routers, sees, there
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.once
ROUTER = [sys.executable, "-m", "gateway", "fleet-router"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One that ends by itself."""
    return subprocess.run([*ROUTER, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_it_tells_who_started_it(tmp_path: Path) -> None:
    """Ready when it listens, and stopping; ends with 0. Without certificates it says what that means."""
    address, port = tmp_path / "notify", free_port()
    config = tmp_path / "router.yaml"
    config.write_text(f"listen: tcp://127.0.0.1:{port}\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(60)
        environ = os.environ | {"NOTIFY_SOCKET": str(address)}
        process = subprocess.Popen(
            [*ROUTER, "-c", str(config)], env=environ, stderr=subprocess.PIPE, text=True
        )
        assert f"READY=1\nSTATUS=listening on tcp://127.0.0.1:{port}\n" in manager.recv(4096).decode()
        with socket.create_connection(("127.0.0.1", port), 60):
            process.send_signal(signal.SIGTERM)  # while somebody is there who says nothing
            assert manager.recv(4096) == b"STOPPING=1\n"
            assert process.wait(60) == 0
    assert process.stderr is not None
    with process.stderr as log:
        lines = log.read()
    assert re.search(r"(?m)^20\S+Z INFO listening on tcp://", lines)
    assert "WARNING without TLS anybody on this machine may speak as any gateway" in lines
    assert lines.endswith("INFO stopped\n")


def test_linked_again_it_begins_anew(tmp_path: Path) -> None:
    """To one that hung: as the same process, which listens where it did, and stops as it would have."""
    port, log = free_port(), tmp_path / "log"
    with routers(1) as others, there(others.settings()), log.open("w") as errors:
        connect = ["--connect", others.urls[0]]
        command = [*ROUTER, "--listen", f"tcp://127.0.0.1:{port}", *connect]
        process = subprocess.Popen(command, stderr=errors)
        try:
            until(lambda: "listening on" in log.read_text())
            with client(Settings([f"tcp/127.0.0.1:{port}"])) as seeing:
                until(lambda: sees(seeing))
                others.hang(0)
                until(lambda: not sees(seeing))
                others.go_on(0)
                until(lambda: log.read_text().count("listening on") == 2)
                until(lambda: sees(seeing))
        finally:
            process.terminate()
            process.wait(60)
    assert "WARNING linked again to a router of before: beginning anew\n" in log.read_text()
    assert process.returncode == 0, log.read_text()


def test_a_port_that_is_held() -> None:
    """It says by whom."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        done = run("--listen", f"tcp://127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"error: cannot listen on tcp://127.0.0.1:{port}" in done.stderr
    assert f"(pid {os.getpid()}): end it, or listen on another port" in done.stderr


def test_files_that_do_not_go_together(tmp_path: Path) -> None:
    """Are named, and nothing listens."""
    fleet = Enrolled(tmp_path)
    (tmp_path / "hub0/key.pem").write_bytes((tmp_path / "hub1/key.pem").read_bytes())
    done = run("--listen", f"tls://127.0.0.1:{fleet.ports[0]}", "--dir", str(tmp_path / "hub0"))
    assert done.returncode == 1
    assert f"{tmp_path / 'hub0/key.pem'} is the key of another certificate than" in done.stderr


def test_what_it_warns_of(tmp_path: Path) -> None:
    """At its start: whose certificates have ended."""
    fleet = Enrolled(tmp_path)
    fleet.enrol("north/old", now=NOW.replace(year=2021, day=1))
    fleet.start()
    fleet.stop()
    warned = [line for line in fleet.routers[0].log if "WARNING north/old: its certificate has ended" in line]
    assert len(warned) == 1


def test_a_certificate_renewed_under_way(tmp_path: Path) -> None:
    """The routers, which know nothing of it, let both in: the new one and the old one until it ends."""
    fleet = Enrolled(tmp_path / "fleet")
    place = fleet.enrol("north/a")
    fleet.enrol("desk", reads=True)
    old = tmp_path / "old"
    place.rename(old)
    fleet.start()
    try:
        Folder(tmp_path / "fleet").renew("north/a", NOW)
        with fleet.sessions((old, 0), ("north/a", 0), ("desk", 1)) as (before, after, reader):
            seen = Heard(reader, "sig/1/**")
            key = "sig/1/north/a/head"
            until(lambda: before.put(key, "old") or (key, "old") in seen.said)
            until(lambda: after.put(key, "new") or (key, "new") in seen.said)
    finally:
        fleet.stop()
