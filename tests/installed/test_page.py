"""The commands of docs/install.md, one after the other, as they stand there: from a bare Debian to values at
a broker, where Home Assistant takes them from.

The Debian has no network: its apt has the packages in its cache, its pip the registry's wheels in a folder.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.installed import wheelhouse
from tests.installed.page import BLOCKS, HOME, NAME, PAGE, PASSWORDS, TYPED, Person
from tests.support.home_assistant import HomeAssistant
from tests.support.machine import ROOT, Machine
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

SENSORS = {"temp": ("temperature", "°C"), "humidity": ("humidity", "%"), "light": ("illuminance", "lx")}


@pytest.fixture
def person(debian: Machine) -> Person:
    """At a machine that has nothing of ours."""
    return Person(debian)


def type_with(person: Person, block: str, file: Path) -> None:
    """A block that names one package, which here is called otherwise."""
    names = re.findall(r"sig-gateway_\S+\.deb", BLOCKS[block])
    assert len(names) == 1
    assert "*" not in names[0], "there are two in the folder"
    words: dict[str, Any] = {names[0]: file.name}
    person.block(block, **words)


def to_the_broker(person: Person) -> None:
    """From a gateway with values to the broker, and the values there."""
    debian = person.debian
    until(person.has_values)
    person.block("ports", status=None)
    until(person.has_values)
    assert (
        person.info("temp")["thresholds"]["hot"] == 24
    )  # what was typed has been taken by the one that runs

    for line in BLOCKS["broker"].splitlines():
        (user,) = re.findall(r"mosquitto_passwd .*/passwd (\w+)", line) or ("",)
        person.line(line, answers=f"{PASSWORDS[user]}\n" * 2 if user else "")
    assert not person.does("mosquitto_sub -t 'sig/#' -C 1 -W 1"), "nobody is let in without a name"

    debian.path(TYPED).write_text(BLOCKS["section"])
    person.block("secret")
    secret = debian.path("/etc/sig-gateway/secrets/mqtt-password")
    assert secret.read_text() == "hush\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    said = person.block("restart")
    until(person.has_values)
    shown = person.block("values", PASSWORD=PASSWORDS["homeassistant"])
    assert re.search(r'^sig/greenhouse/\w+/state \{"value":[\d.]+,', shown), shown
    assert re.search(r"(?m)^green +broker ", person.line(BLOCKS["restart"].splitlines()[2], status=None)), (
        said
    )
    check_discovery(person)


def check_discovery(person: Person) -> None:
    """What Home Assistant finds: a device with each sensor, whose topics have what it is to show."""

    def complete() -> bool:
        found = person.retained()
        return all(f"sig/greenhouse/{sensor}/state" in found for sensor in SENSORS)

    until(complete)
    found, home = person.retained(), HomeAssistant()
    for topic, payload in found.items():
        home.receive(topic, payload.encode())
    assert home.complaints == []
    devices = [json.loads(text) for topic, text in found.items() if topic.startswith("homeassistant/device/")]
    names = {device["dev"]["name"] for device in devices}
    assert names == {"Gateway greenhouse", "greenhouse board"}
    parts = [part for device in devices for part in device["cmps"].values()]
    assert {part["uniq_id"] for part in parts} == home.registry
    for sensor, (kind, unit) in SENSORS.items():
        (part,) = (each for each in parts if each.get("dev_cla") == kind and each["p"] == "sensor")
        assert part["unit_of_meas"] == unit
        assert part["stat_cla"] == "measurement"
        assert part["stat_t"] == f"sig/greenhouse/{sensor}/state"
        assert isinstance(json.loads(found[part["stat_t"]])["value"], float | int)
        assert part["avty_mode"] == "all"
        assert [found[each["t"]] for each in part["avty"]] == ["online", "online"]


def test_way_a(person: Person, wheel: Path, newer: Path, tmp_path: Path) -> None:
    """From nothing to a package, to values at the broker, an update, back again, and to nothing."""
    debian = person.debian
    wheelhouse.reach(debian, wheelhouse.fill(tmp_path / "wheels", wheel))
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(source)], check=True)
    shutil.copytree(source, debian.path("/opt/source"))
    debian.run(
        "chown", "--recursive", NAME, "/opt/source"
    )  # git takes nothing from a folder of somebody else's
    person.block("which")
    person.block("lists")
    person.block("source", ADDRESS="/opt/source")
    (package,) = debian.path(HOME).glob("sig-gateway_*.deb")
    person.block("package")
    to_the_broker(person)
    until(lambda: person.does("sig-gateway health"))
    person.block("looking")
    debian.run("apt-get", "install", "ufw")
    person.block("firewall")

    person.block("before")
    copy = debian.path("/var/lib/sig-gateway.0.1.0")
    assert (copy / "history.db").exists()
    (copy / "mine").touch()
    person.line(BLOCKS["before"].splitlines()[1], status=1)  # what is there already is not touched
    until(person.has_values)

    person.bring(newer)  # beside the old one
    type_with(person, "update", newer)
    assert "Version: 9." in debian.run("dpkg", "--status", "sig-gateway")
    until(person.has_values)
    debian.path("/var/lib/sig-gateway/of-the-newer").touch()

    type_with(person, "back", package)
    assert "Version: 9." not in debian.run("dpkg", "--status", "sig-gateway")
    until(person.has_values)
    assert debian.path("/var/lib/sig-gateway/mine").exists()
    assert not debian.path("/var/lib/sig-gateway/of-the-newer").exists()
    assert debian.path("/var/lib/sig-gateway.newer/of-the-newer").exists()
    owner = debian.path("/var/lib/sig-gateway.newer").stat().st_uid
    assert debian.path("/var/lib/sig-gateway").stat().st_uid == owner != 0

    person.block("remove")
    assert not debian.path("/var/lib/sig-gateway").exists()
    assert not person.does("command -v sig-gateway")


def test_way_b(person: Person, wheel: Path, older_wheel: Path, tmp_path: Path) -> None:
    """pipx: the version before, at boot, to values at the broker, an update, and away again."""
    debian = person.debian
    wheels = wheelhouse.fill(tmp_path / "wheels", wheel)
    (wheels / wheel.name).unlink()
    shutil.copy(older_wheel, wheels)
    wheelhouse.reach(debian, wheels)

    person.block("lists")
    person.block("pipx")
    assert "0.0.9" in person.line("sig-gateway --version")
    person.block("service")
    to_the_broker(person)

    shutil.copy(wheel, debian.path(wheelhouse.PLACE))
    person.block("pipx-update")
    assert "0.0.9" not in person.line("sig-gateway --version")
    until(person.has_values)
    person.block("pipx-remove")
    assert not debian.path("/etc/systemd/system/sig-gateway.service").exists()
    assert not person.does("command -v sig-gateway")
    assert debian.path("/etc/sig-gateway/config.yaml").exists()


def test_every_block_is_run() -> None:
    """By a test here: each has a name, which a test has."""
    way_a = {"which", "source", "package", "firewall", "looking", "before", "update", "back", "remove"}
    way_b = {"pipx", "service", "pipx-update", "pipx-remove"}
    both = {"lists", "ports", "broker", "secret", "section", "restart", "values"}
    assert set(BLOCKS) == way_a | way_b | both
    assert re.findall(r"(?<!-->\n)```(?:sh|yaml)\n", PAGE) == []
