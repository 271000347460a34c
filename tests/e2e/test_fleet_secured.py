"""A whole gateway in a fleet with certificates: seen, read and asked by who may."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sig import NotConnected
from tests.support.fleet_enrolled import Enrolled
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.once
NAME = "north/greenhouse/temp"


@contextmanager
def running(folder: Path, fleet: Enrolled, place: Path) -> Iterator[str]:
    """The gateway north/greenhouse, with the certificate there; where it is reached. Nothing is left of the
    fleet either."""
    url = f"127.0.0.1:{free_port()}"
    config = folder / "config.yaml"
    config.write_text(
        f"""
gateway: {{name: greenhouse, data: {folder / "data"}}}
router: {{listen: {url}}}
links: {{board: {{protocol: sensorline, port: "sim:"}}}}
sensors: {{temp: {{driver: temperature, link: board}}}}
fleet:
  site: north
  routers: {json.dumps([f"tls://127.0.0.1:{port}" for port in fleet.ports])}
  tls: {{ca: {place}/ca.pem, cert: {place}/cert.pem, key: {place}/key.pem}}
"""
    )
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "gateway", "run", "-c", str(config)]
        gateway = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield f"tcp://{url}"
        finally:
            gateway.terminate()
            gateway.wait(60)
            fleet.stop()
    assert gateway.returncode == 0, (folder / "log").read_text()


def test_a_gateway_with_a_certificate(tmp_path: Path) -> None:
    """Its sender and its events are at the other router, for who reads; it answers who may ask; another
    gateway sees nothing of it."""
    router = pytest.importorskip("gateway.fleet.router")
    fleet = Enrolled(tmp_path / "fleet")
    place = fleet.enrol("north/greenhouse")
    fleet.enrol("north/barn")
    fleet.enrol("desk", reads=True)
    fleet.enrol("chief", reads=True, asks=True)
    fleet.start()
    heard: list[Any] = []
    with running(tmp_path, fleet, place):
        desk, chief, barn = (
            router.FleetRouter(fleet.settings(who, 1)) for who in ("desk", "chief", "north/barn")
        )
        with desk, chief, barn:
            desk.addListener(lambda info, data: heard.append((info, data)), None, "#changed")
            until(lambda: NAME in {each["sender"] for each in chief.listRemoteSenders()})
            until(lambda: heard)
            assert NAME in str(heard[0][0])
            assert chief.request(NAME, "read", {"timeout": 30})["unit"] == "°C"
            with pytest.raises(NotConnected):
                desk.request(NAME, "read")
            assert barn.listRemoteSenders() == []
            assert "or our certificate may see none" in barn.why_nobody()
            assert chief.why_nobody() == ""


def test_a_reload_takes_another_certificate(tmp_path: Path) -> None:
    """The routers take the one of before no more, so that nobody sees the gateway; with a reload it is
    there."""
    router = pytest.importorskip("gateway.fleet.router")
    fleet = Enrolled(tmp_path / "fleet")
    place = fleet.enrol("north/greenhouse")
    fleet.enrol("chief", reads=True, asks=True)

    def reload(url: str) -> str:
        command = [sys.executable, "-m", "gateway", "reload", "--connect", url]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout

    before = tmp_path / "before"
    shutil.copytree(place, before)
    fleet.enrol("north/greenhouse", again=True)
    renewed = tmp_path / "renewed"
    place.rename(renewed)
    before.rename(place)
    fleet.start()
    with running(tmp_path, fleet, place) as url, router.FleetRouter(fleet.settings("chief", 1)) as chief:
        until(lambda: "fleet: north/greenhouse is connected to" in (tmp_path / "log").read_text())
        assert NAME not in {each["sender"] for each in chief.listRemoteSenders()}
        for each in renewed.iterdir():
            shutil.copy(each, place)
        assert "what is in its certificates" in reload(url)
        until(lambda: NAME in {each["sender"] for each in chief.listRemoteSenders()})
