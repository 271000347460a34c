"""A whole gateway in a fleet with certificates: seen, read and asked by who may."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sig import NotConnected
from tests.support.fleet_enrolled import Enrolled
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.once
NAME = "north/greenhouse/temp"


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
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
gateway: {{name: greenhouse, data: {tmp_path / "data"}}}
router: {{listen: 127.0.0.1:{free_port()}}}
links: {{board: {{protocol: sensorline, port: "sim:"}}}}
sensors: {{temp: {{driver: temperature, link: board}}}}
fleet:
  site: north
  routers: {json.dumps([f"tls://127.0.0.1:{port}" for port in fleet.ports])}
  tls: {{ca: {place}/ca.pem, cert: {place}/cert.pem, key: {place}/key.pem}}
"""
    )
    heard: list[Any] = []
    with (tmp_path / "log").open("w") as log:
        command = [sys.executable, "-m", "gateway", "run", "-c", str(config)]
        gateway = subprocess.Popen(command, stdout=log, stderr=log)
        try:
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
        finally:
            gateway.terminate()
            gateway.wait(60)
            fleet.stop()
    assert gateway.returncode == 0, (tmp_path / "log").read_text()
