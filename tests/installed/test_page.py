"""The commands of docs/install.md, one after the other, as they stand there."""

from __future__ import annotations

import json
import re
import shlex
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
*) sed -i 's/hot: 26 /hot: 24 /' "$1" ;;
esac
"""
SUDO = '#!/bin/sh\nexec "$@"\n'


def type_in(debian: Machine, block: str, *, status: int | None = 0) -> None:
    """Each line of a block, as a person who has root by `sudo`."""
    for line in BLOCKS[block].splitlines():
        type_line(debian, line, status=status)


def type_with(debian: Machine, block: str, file: Path) -> None:
    """The same of a block that names one package, which here is called otherwise."""
    names = re.findall(r"sig-gateway_\S+\.deb", BLOCKS[block])
    assert len(names) == 1
    assert "*" not in names[0], "there are two in the folder"
    for line in BLOCKS[block].replace(names[0], file.name).splitlines():
        type_line(debian, line)


def type_line(debian: Machine, line: str, *, status: int | None = 0) -> None:
    """One line of the page."""
    debian.run("sh", "-c", f"cd /root && export HOME=/root PATH=/opt/shims:$PATH && {line}", status=status)


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
    temp = json.loads(debian.run("sig-gateway", "request", "temp", "info"))
    assert temp["thresholds"]["hot"] == 24  # what was typed has been taken by the one that runs
    type_in(debian, "secret")
    secret = debian.path("/etc/sig-gateway/secrets/mqtt-password")
    assert secret.read_text() == "hush\n"
    assert secret.stat().st_mode & 0o777 == 0o600
    until(lambda: debian.does("sig-gateway", "health"))
    type_in(debian, "looking")

    type_in(debian, "before")
    copy = debian.path("/var/lib/sig-gateway.0.1.0")
    assert (copy / "history.db").exists()
    (copy / "mine").touch()
    first = BLOCKS["before"].splitlines()[1]
    type_line(debian, first, status=1)
    until(lambda: has_values(debian))

    debian.bring(newer)  # beside the old one
    type_with(debian, "update", newer)
    assert "Version: 9." in debian.run("dpkg", "--status", "sig-gateway")
    until(lambda: has_values(debian))
    debian.path("/var/lib/sig-gateway/of-the-newer").touch()

    type_with(debian, "back", package)
    assert "Version: 9." not in debian.run("dpkg", "--status", "sig-gateway")
    until(lambda: has_values(debian))
    assert debian.path("/var/lib/sig-gateway/mine").exists()
    assert not debian.path("/var/lib/sig-gateway/of-the-newer").exists()
    assert debian.path("/var/lib/sig-gateway.newer/of-the-newer").exists()
    owner = debian.path("/var/lib/sig-gateway.newer").stat().st_uid
    assert debian.path("/var/lib/sig-gateway").stat().st_uid == owner != 0

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
    way_a = {"package", "ports", "secret", "looking", "before", "update", "back", "remove"}
    here = way_a | {"service", "broker"}
    assert set(BLOCKS) == here | {"pipx", "pipx-update", "pipx-remove"}
    (shows,) = UNNAMED
    done = subprocess.run(["sh", "-ec", shows], check=True, capture_output=True, text=True)
    assert re.fullmatch(r"[a-z]+ [a-z0-9]+\n", done.stdout)
