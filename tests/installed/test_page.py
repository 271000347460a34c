"""The commands of docs/install.md, one after the other, as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.machine import ROOT, Machine
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PAGE = (ROOT / "docs" / "install.md").read_text()
BLOCKS = dict(re.findall(r"<!-- tested: ([a-z-]+) -->\n```sh\n(.*?)```", PAGE, re.DOTALL))
UNNAMED = re.findall(r"(?<!-->\n)```sh\n(.*?)```", PAGE, re.DOTALL)
# An editor is a person's; here it writes what the page says to write.
NANO = """\
#!/bin/sh
case "$1" in
*/mqtt-password) echo hush >"$1" ;;
*) sed -i 's/name: greenhouse/name: shed      /' "$1" ;;
esac
"""
SUDO = '#!/bin/sh\nexec "$@"\n'


def type_in(debian: Machine, block: str, *, status: int | None = 0) -> None:
    """Each line of a block, as a person who has root by `sudo`."""
    for line in BLOCKS[block].splitlines():
        debian.run(
            "sh", "-c", f"cd /root && export HOME=/root PATH=/opt/shims:$PATH && {line}", status=status
        )


def has_values(debian: Machine) -> bool:
    """Whether a sensor has one."""
    if not debian.does("sig-gateway", "senders"):
        return False
    return bool(json.loads(debian.run("sig-gateway", "senders", "--json"))[0]["last"])


def prepare(debian: Machine) -> None:
    """What a person has beside: an editor, sudo, an answer to apt's question."""
    shims = debian.path("/opt/shims")
    shims.mkdir()
    for name, text in (("nano", NANO), ("sudo", SUDO)):
        (shims / name).write_text(text)
        (shims / name).chmod(0o755)
    debian.path("/etc/apt/apt.conf.d/99yes").write_text('APT::Get::Assume-Yes "true";\n')


def test_way_a(debian: Machine, package: Path, newer: Path) -> None:
    """From nothing to values, an update, back again, and to nothing."""
    prepare(debian)
    debian.bring(package)
    type_in(debian, "package")
    until(lambda: has_values(debian))

    type_in(debian, "ports", status=None)
    until(lambda: has_values(debian))
    assert "name: shed" in debian.path("/etc/sig-gateway/config.yaml").read_text()
    type_in(debian, "secret")
    secret = debian.path("/etc/sig-gateway/secrets/mqtt-password")
    assert secret.read_text() == "hush\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    until(lambda: debian.does("sig-gateway", "health"))
    type_in(debian, "looking")

    debian.run("rm", f"/root/{package.name}")
    shutil.copy(newer, debian.path(f"/root/sig-gateway_9.{package.name.partition('_')[2]}"))
    type_in(debian, "update")
    assert "Version: 9." in debian.run("dpkg", "--status", "sig-gateway")
    until(lambda: has_values(debian))

    debian.run("sh", "-c", "rm /root/*.deb")
    debian.bring(package)
    type_in(debian, "back")
    assert "Version: 9." not in debian.run("dpkg", "--status", "sig-gateway")
    until(lambda: has_values(debian))
    assert debian.path("/var/lib/sig-gateway.old/history.db").exists()

    type_in(debian, "remove")
    assert not debian.path("/var/lib/sig-gateway").exists()
    assert not debian.does("sh", "-c", "command -v sig-gateway")


def test_way_b_as_a_service(debian: Machine, package: Path) -> None:
    """Where pipx has put the program: here the package's environment, without the package."""
    prepare(debian)
    debian.bring(package)
    debian.run("dpkg-deb", "-x", f"/root/{package.name}", "/root/unpacked")
    debian.run("mv", "/root/unpacked/usr/lib/sig-gateway", "/opt/sig-gateway")
    debian.run("sed", "-i", "1s,/usr/lib,/opt,", "/opt/sig-gateway/bin/sig-gateway")
    debian.run("mkdir", "-p", "/root/.local/bin")
    for folder in ("/root/.local/bin", "/opt/shims"):
        debian.run("ln", "-s", "/opt/sig-gateway/bin/sig-gateway", folder)
    program = "/opt/sig-gateway/bin/sig-gateway"

    type_in(debian, "service")
    until(lambda: json.loads(debian.run(program, "senders", "--json"))[0]["last"])
    update, remove = BLOCKS["pipx-update"].splitlines(), BLOCKS["pipx-remove"].splitlines()
    debian.run(*shlex.split(update[1].removeprefix("sudo ")))
    until(lambda: debian.does(program, "senders"))
    debian.run("sh", "-c", f"HOME=/root PATH=/opt/shims:$PATH && {remove[0]}")
    assert not debian.path("/etc/systemd/system/sig-gateway.service").exists()


def test_what_debian_is_asked_for_is_there() -> None:
    """apt would do what the page has it do; nothing is installed here."""
    asked = [
        line for text in BLOCKS.values() for line in text.splitlines() if line.startswith("sudo apt install")
    ]
    packages = {word for line in asked for word in line.split()[3:] if not word.startswith((".", "-"))}
    assert packages == {"pipx", "mosquitto"}
    subprocess.run(["apt-get", "--simulate", "install", *sorted(packages)], check=True, capture_output=True)


def test_every_block_is_run() -> None:
    """By a test here or in test_pipx.py; the one without a name only shows something."""
    here = {"package", "ports", "secret", "looking", "update", "back", "remove", "service", "broker"}
    assert set(BLOCKS) == here | {"pipx", "pipx-update", "pipx-remove"}
    (shows,) = UNNAMED
    done = subprocess.run(["sh", "-ec", shows], check=True, capture_output=True, text=True)
    assert re.fullmatch(r"[a-z]+ [a-z0-9]+\n", done.stdout)
