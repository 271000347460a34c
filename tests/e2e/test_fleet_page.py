"""docs/fleet-security.md: every command of it that is about the fleet, one after the other."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from gateway.fleet import FleetRouter, Gateway, Settings
from gateway.fleet.access import access_of
from gateway.fleet.members import read
from tests.e2e.conftest import Process, environment
from tests.support.fleet_enrolled import Router, tls_of
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "fleet-security.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
ON_ONE_MACHINE: dict[str, str] = dict(
    re.findall(r"<!-- tested: ([a-z-]+) -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
)
GATEWAY = Gateway("north", "greenhouse")
"""Who is there when the page looks: a whole one is in tests/e2e/test_fleet_secured.py."""
READY = {"first-router": "listening on", "second-router": "listening on", "gateway": "is connected to"}
"""What the blocks' programs say when the next block may be typed."""
NAME = "gateway: {name: greenhouse}\nlinks"
"""Of its config, where it is written whole."""


def test_the_page(tmp_path: Path) -> None:
    """Each prints what the page says; both routers run with it, and who reads sees over them who is there;
    the rights are those of its end."""
    ports = {"hub1.example": free_port(), "hub2.example": free_port()}
    routers: list[Router] = []
    printed, seen = "", ""
    try:
        for line in COMMANDS:
            words = shlex.split(line.removeprefix("$ sig-gateway "))
            for host, port in ports.items():
                words = [word.replace(host, f"127.0.0.1:{port}") for word in words]
            if words[0] == "fleet-router":
                routers.append(_router(words, list(ports.values())[len(routers)], tmp_path))
            elif words[0] == "senders":
                seen += _senders(words, tmp_path, list(ports.values()))
            else:
                printed += _said(words, tmp_path)
        assert len(COMMANDS) == 15
    finally:
        assert [router.stop() for router in routers] == [0, 0]
    assert f"{GATEWAY}/temp" in seen
    said = "\n".join(line.strip() for line in printed.splitlines())
    for line in re.findall(r"```yaml\n(gateway:.*?)```", PAGE, re.DOTALL)[0].splitlines():
        wanted = line.strip()
        for host, port in ports.items():
            wanted = wanted.replace(host, f"127.0.0.1:{port}")
        assert wanted in said
    members = read(tmp_path / "fleet/hub1/members.json")
    assert members["south/orchard"].revoked
    assert members["north/barn"].common_name == "gateway:north/barn:2"
    subjects = access_of(members.values())["subjects"]
    assert isinstance(subjects, list)
    assert len(subjects) == 7


def test_on_one_machine(tmp_path: Path) -> None:
    """Two routers, a whole gateway and who asks, block by block: it is seen, and answers."""
    ports = {"7447": free_port(), "7448": free_port()}
    with ExitStack() as running:
        for block, ready in READY.items():
            lines, last = _blocks(ON_ONE_MACHINE[block], ports)
            _typed(lines, tmp_path)
            program = Process(shlex.split(last)[1:], tmp_path)
            running.enter_context(program).wait_for_error(ready)
        shown = _typed("\n".join(_blocks(ON_ONE_MACHINE["reader"], ports)), tmp_path).splitlines()
    assert shown[1].startswith("north/greenhouse/temp  yes")
    assert json.loads(shown[-1])["unit"] == "°C"
    assert ON_ONE_MACHINE.keys() == {*READY, "reader"}


def _blocks(block: str, ports: dict[str, int]) -> tuple[str, str]:
    """All but its last line, and that one, with ports that are free."""
    for port, free in ports.items():
        block = block.replace(port, str(free))
    block = block.replace(
        NAME, NAME.replace("\nlinks", f"\nrouter: {{listen: 127.0.0.1:{free_port()}}}\nlinks")
    )
    *lines, last = block.splitlines()
    return "\n".join(lines), last


def _typed(lines: str, folder: Path) -> str:
    """Into a shell in that folder; what it shows."""
    program = folder / "bin" / "sig-gateway"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m gateway "$@"\n')
    program.chmod(0o755)
    where = environment() | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-e", "-c", lines], cwd=folder, env=where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (lines, done.stderr)
    return done.stdout


def _said(words: list[str], folder: Path) -> str:
    """What a command prints, in that folder."""
    command = [sys.executable, "-m", "gateway", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def _senders(words: list[str], folder: Path, ports: list[int]) -> str:
    """While a gateway is there that has the certificate of the page's, at the second router."""
    settings = Settings([f"tls/127.0.0.1:{ports[1]}"], tls_of(folder / "fleet" / str(GATEWAY)))
    with FleetRouter(settings, gateway=GATEWAY) as gateway, FleetRouter(_desk(folder, ports)) as reader:
        gateway.addSender("temp", ["#changed"])
        until(lambda: reader.getSender(f"{GATEWAY}/temp") is not None)
        return _said(words, folder)


def _desk(folder: Path, ports: list[int]) -> Settings:
    """Of who reads, at the first."""
    return Settings([f"tls/127.0.0.1:{ports[0]}"], tls_of(folder / "fleet" / "desk"))


def _router(words: list[str], port: int, folder: Path) -> Router:
    """As the page starts it, on loopback."""
    words = [word.replace("0.0.0.0", f"127.0.0.1:{port}") for word in words[1:]]  # noqa: S104
    at = words.index("--dir")
    place = folder / words[at + 1]
    router = Router(place, *words[:at], *words[at + 2 :])
    router.start()
    return router


def test_the_router_s_file() -> None:
    """The page's has the keys that there are."""
    (text,) = re.findall(r"```yaml\n(listen:.*?)```", PAGE, re.DOTALL)
    assert list(yaml.safe_load(text)) == ["listen", "connect", "dir"]
