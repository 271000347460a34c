"""The Debian package on a Debian with its own systemd: installed, started at boot, hung, on a slow card,
updated, removed."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machine import Machine
from tests.support.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

HERE = Path(__file__).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HISTORY = shlex.split("sig-gateway history temp --format json -c /etc/sig-gateway/config.yaml")
DROP_IN = """\
[Service]
WatchdogSec=8s
Environment=PYTHONPATH=/opt/hang LD_PRELOAD=/opt/slow_disk.so
"""


def shown(debian: Machine, what: str) -> str:
    """A property of the service."""
    return debian.run("systemctl", "show", "sig-gateway", "--value", f"--property={what}").strip()


def has_values(debian: Machine) -> bool:
    """Whether all three sensors of the default config have one."""
    if not debian.does("sig-gateway", "senders"):
        return False
    senders = json.loads(debian.run("sig-gateway", "senders", "--json"))
    return len(senders) == 3 and all(each["last"] is not None for each in senders)


def log(debian: Machine) -> str:
    """The service's."""
    return debian.run("journalctl", "--no-pager", "--unit=sig-gateway")


def test_installed_booted_updated_removed(debian: Machine, package: Path, newer: Path) -> None:
    """What a person does with it in three years, at no time with more than one command."""
    debian.bring(package, newer)
    debian.run("dpkg", "-i", f"/root/{package.name}")
    until(lambda: has_values(debian))
    assert shown(debian, "ActiveState") == "active"
    assert "(commit " in debian.run("sig-gateway", "--version")

    debian.shut_down()
    debian.boot()
    until(lambda: has_values(debian))
    assert shown(debian, "UnitFileState") == "enabled"

    config = debian.path("/etc/sig-gateway/config.yaml")
    config.write_text(config.read_text().replace("name: greenhouse", "name: shed      "))
    process = shown(debian, "MainPID")
    debian.run("dpkg", "-i", f"/root/{newer.name}")
    assert shown(debian, "MainPID") != process
    until(lambda: has_values(debian))
    assert "name: shed" in config.read_text()
    assert json.loads(debian.run(*HISTORY))["points"]

    debian.run("systemctl", "disable", "--now", "sig-gateway")
    debian.run("dpkg", "-i", f"/root/{package.name}")  # back, and who has disabled it keeps it so
    assert shown(debian, "UnitFileState") == "disabled"

    debian.run("dpkg", "--remove", "sig-gateway")
    assert shown(debian, "LoadState") in ("not-found", "masked")
    assert config.exists()
    assert debian.path("/var/lib/sig-gateway/history.db").exists()
    assert not debian.path("/usr/lib/sig-gateway").exists()

    debian.run("dpkg", "--purge", "sig-gateway")
    left = debian.run("find", "/", "-xdev", "-name", "*sig-gateway*", "-not", "-path", "/root/*", status=None)
    assert [name for name in left.split() if name.startswith("/") and "/proc/" not in name] == []
    assert not debian.does("getent", "passwd", "sig-gateway")


def test_reloaded(debian: Machine, package: Path) -> None:
    """`systemctl reload` has the same process take a new config; one with errors is refused, in the log and
    in the status, and the old one goes on."""
    debian.bring(package)
    debian.run("dpkg", "-i", f"/root/{package.name}")
    until(lambda: has_values(debian))
    process = shown(debian, "MainPID")
    config = debian.path("/etc/sig-gateway/config.yaml")
    right = config.read_text()
    config.write_text(right.replace("hot: 26 ", "hot: 24 "))
    debian.run("systemctl", "reload", "sig-gateway")
    until(lambda: "reload: sensors.temp: changed in place: hot 26 → 24" in log(debian))
    config.write_text(right.replace("hot: 26 ", "hot: warm "))
    debian.run("systemctl", "reload", "sig-gateway", status=None)
    until(lambda: "the new config is refused: " in shown(debian, "StatusText"))
    assert "config.yaml:26: sensors.temp.hot" in log(debian)
    assert shown(debian, "MainPID") == process
    assert shown(debian, "NRestarts") == "0"
    temp = json.loads(debian.run("sig-gateway", "request", "temp", "info"))
    assert temp["thresholds"]["hot"] == 24


def test_hung_and_on_a_slow_card(debian: Machine, package: Path, tmp_path: Path) -> None:
    """A loop that hangs is ended by the watchdog, which says where it hung; one that waits for the disk goes
    on when the disk does."""
    library = tmp_path / "slow_disk.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(HERE / "slow_disk.c")], check=True)
    debian.bring(package, library)
    debian.run("mv", "/root/slow_disk.so", "/opt")  # the service does not see /root
    shutil.copytree(HERE / "hang", debian.path("/opt/hang"))
    drop_ins = debian.path("/etc/systemd/system/sig-gateway.service.d")
    drop_ins.mkdir(parents=True)
    (drop_ins / "tests.conf").write_text(DROP_IN)
    debian.run("dpkg", "-i", f"/root/{package.name}")
    until(lambda: has_values(debian))
    process = shown(debian, "MainPID")

    slow, hang = debian.path("/run/slow-disk"), debian.path("/run/hang")
    slow.touch()
    states = f"cut -d')' -f2 /proc/{process}/task/*/stat"
    until(lambda: " D " in debian.run("sh", "-c", states))
    debian.run("sleep", "30")  # several times what the watchdog allows
    assert " D " in debian.run("sh", "-c", states)
    assert shown(debian, "MainPID") == process
    assert shown(debian, "NRestarts") == "0"
    slow.unlink()
    debian.run("sleep", "10")
    assert shown(debian, "NRestarts") == "0"

    hang.touch()
    until(lambda: shown(debian, "NRestarts") == "1")
    hang.unlink()
    until(lambda: has_values(debian))
    assert shown(debian, "MainPID") != process
    text = log(debian)
    assert "watchdog: link-board has not gone round for" in text
    assert "stuck_when_told" in text


@pytest.mark.skipif(PYTHON != "3.11", reason="the Debian that is booted has Python 3.11")
def test_installed_by_pip_as_a_service(debian: Machine, package: Path) -> None:
    """`service install`, `status`, `uninstall`, for what pip has installed: here the package's environment
    without the package."""
    debian.bring(package)
    debian.run("dpkg-deb", "-x", f"/root/{package.name}", "/root/unpacked")
    debian.run("mv", "/root/unpacked/usr/lib/sig-gateway", "/opt/sig-gateway")
    program = "/opt/sig-gateway/bin/sig-gateway"
    debian.run("sed", "-i", "1s,/usr/lib,/opt,", program)
    assert "service install" in debian.run(program, "service", "status", status=1)

    debian.run(program, "service", "install")

    assert "active (running), at boot: enabled" in debian.run(program, "service", "status")
    until(lambda: json.loads(debian.run(program, "senders", "--json"))[0]["last"])
    assert debian.path("/var/lib/private/sig-gateway/history.db").parent.exists()
    debian.run(program, "service", "uninstall")
    assert not debian.path("/etc/systemd/system/sig-gateway.service").exists()
    assert debian.path("/etc/sig-gateway/config.yaml").exists()
    assert not debian.does("systemctl", "is-active", "sig-gateway")


def test_a_secret_that_only_root_can_read(debian: Machine, package: Path) -> None:
    """`!file secrets/NAME` is systemd's credential."""
    debian.bring(package)
    debian.run("dpkg", "-i", f"/root/{package.name}")
    secret = debian.path("/etc/sig-gateway/secrets/token")
    secret.write_text("hush\n")
    secret.chmod(0o600)
    config = debian.path("/etc/sig-gateway/config.yaml")
    config.write_text(
        config.read_text().replace(
            "listen: 127.0.0.1:7300 ", "token: !file secrets/token\n  listen: 127.0.0.1:7300 "
        )
    )
    debian.run("systemctl", "restart", "sig-gateway")

    until(lambda: debian.does("sig-gateway", "senders", "--token", "hush"))
    assert not debian.does("sig-gateway", "senders")
