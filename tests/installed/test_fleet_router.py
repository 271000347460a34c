"""A fleet from the Debian package alone, as docs/fleet-security.md has it: a router by its unit, a gateway
whose certificate systemd hands over, and who reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.machine import Machine
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

UNIT = "sig-gateway-fleet-router"
URL = "tls://127.0.0.1"
ROUTER = f"""\
listen: [{URL}]
dir: /etc/sig-gateway/fleet
"""
FLEET = f"""
fleet:
  site: north
  consumers: []
  routers: ["{URL}"]
  tls: {{ca: secrets/fleet/ca.pem, cert: secrets/fleet/cert.pem, key: secrets/fleet/key.pem}}
"""
SENDERS = ("sig-gateway", "senders", "--json", "--connect", f"fleet:{URL}", "--tls-dir", "/root/fleet/desk")


def shown(debian: Machine, what: str) -> str:
    """A property of the router's service."""
    return debian.run("systemctl", "show", UNIT, "--value", f"--property={what}").strip()


def in_fleet(debian: Machine) -> bool:
    """Whether who reads sees the gateway's senders, each with a value."""
    if not debian.does(*SENDERS):
        return False
    found = {each["sender"]: each["last"] for each in json.loads(debian.run(*SENDERS))}
    return {f"north/greenhouse/{name}" for name in ("temp", "humidity", "light")} <= {
        name for name, last in found.items() if last is not None
    }


def fleet_lines(text: str) -> list[tuple[str, str]]:
    """What doctor says of the fleet: level and message."""
    return [
        (each["level"], each["message"])
        for each in json.loads(text[text.index("{") :])["checks"]
        if each["check"] == "fleet"
    ]


def test_a_fleet_of_one_machine(debian: Machine, package: Path, newer: Path) -> None:
    """Enrolled, started, seen; the router comes back after a boot and an update; nothing is left of it."""
    debian.bring(package, newer)
    debian.run("dpkg", "-i", f"/root/{package.name}")
    assert shown(debian, "UnitFileState") == "disabled"
    for member in (("hub1", "--router", "127.0.0.1"), ("north/greenhouse",), ("desk", "--reader")):
        debian.run("sig-gateway", "fleet", "enrol", *member, "--dir", "/root/fleet")
    debian.run("cp", "-r", "/root/fleet/hub1", "/etc/sig-gateway/fleet")
    debian.run("chown", "-R", "sig-gateway:", "/etc/sig-gateway/fleet")
    debian.path("/etc/sig-gateway/fleet-router.yaml").write_text(ROUTER)
    debian.run("systemctl", "enable", "--now", UNIT)
    assert shown(debian, "ActiveState") == "active", debian.run("journalctl", "-u", UNIT)

    config = debian.path("/etc/sig-gateway/config.yaml")
    config.write_text(config.read_text() + FLEET)
    debian.run("cp", "-r", "/root/fleet/north/greenhouse", "/etc/sig-gateway/secrets/fleet")
    debian.run("systemctl", "restart", "sig-gateway")
    until(lambda: in_fleet(debian))
    doctor = ("sig-gateway", "doctor", "--json", "-c", "/etc/sig-gateway/config.yaml")
    routers, certificate, waiting = fleet_lines(debian.run(*doctor, status=None))
    assert routers == ("green", f"{URL} shows the fleet's certificate, and takes ours")
    assert certificate[1].startswith("its certificate is valid until 20")
    assert waiting == ("green", "no event waits to be confirmed")
    asked = fleet_lines(debian.run("runuser", "-u", "nobody", "--", *doctor, status=None))
    assert [level for level, _ in asked] == ["yellow", "green"]
    assert asked[0][1].endswith("; only root can tell")

    debian.shut_down()
    debian.boot()
    until(lambda: in_fleet(debian))
    process = shown(debian, "MainPID")
    debian.run("dpkg", "-i", f"/root/{newer.name}")
    assert shown(debian, "MainPID") not in (process, "0")
    until(lambda: in_fleet(debian))

    debian.run("dpkg", "--purge", "sig-gateway")
    left = debian.run(
        "find", "/etc", "/usr/lib", "/var/lib", "-name", "*sig-gateway*", "-not", "-path", "*/dpkg/*"
    )
    assert left.split() == []
