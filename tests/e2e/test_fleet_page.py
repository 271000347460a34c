"""docs/fleet-security.md: every command of it that is about the fleet, one after the other."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway.fleet.access import access_of
from gateway.fleet.members import read
from tests.support.fleet_enrolled import Router
from tests.support.ports import free_port

pytestmark = pytest.mark.once

PAGE = (Path(__file__).parents[2] / "docs" / "fleet-security.md").read_text()
COMMANDS = [
    line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
OVER_THE_FLEET = "senders"
"""Of the client: tests/e2e/test_fleet_secured.py looks at a gateway over the routers."""


def test_the_page(tmp_path: Path) -> None:
    """Each prints what the page says; both routers run with it; the rights are those of its end."""
    ports = {"hub1.example": free_port(), "hub2.example": free_port()}
    routers: list[Router] = []
    printed, tried = "", 0
    try:
        for line in COMMANDS:
            words = shlex.split(line.removeprefix("$ sig-gateway "))
            if words[0] == OVER_THE_FLEET:
                continue
            for host, port in ports.items():
                words = [word.replace(host, f"127.0.0.1:{port}") for word in words]
            if words[0] == "fleet-router":
                routers.append(_router(words, list(ports.values())[len(routers)], tmp_path))
            else:
                command = [sys.executable, "-m", "gateway", *words]
                done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
                assert done.returncode == 0, (line, done.stderr)
                printed += done.stdout
            tried += 1
        assert tried == len(COMMANDS) - 1 == 14
    finally:
        assert [router.stop() for router in routers] == [0, 0]
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
