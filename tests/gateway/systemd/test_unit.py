"""The text of the unit, by systemd's own judgement where that is here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.systemd.unit import STATE, Plan, system_unit, user_unit

CONFIG = Path("/etc/sig-gateway/config.yaml")
PLAN = Plan(["/bin/true"], CONFIG, STATE, "daemon", ("dialout",), 252)

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze"
)


def value(unit: str, key: str) -> list[str]:
    """What a unit says of a key."""
    return re.findall(rf"(?m)^{key}=(.*)$", unit)


@needs_analyze
@pytest.mark.parametrize("user", [None, "daemon"])
def test_systemd_finds_nothing_wrong_and_little_exposed(user: str | None, tmp_path: Path) -> None:
    """At most 2.0 of 10, with devices, the network and the clock to be seen."""
    path = tmp_path / "sig-gateway.service"
    path.write_text(system_unit(PLAN._replace(user=user)))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout
    # Without this call nobody can know that the clock is kept right (gateway/clock/machine.py).
    assert "(e.g. adjtimex is allowed)" in judged.stdout


@needs_analyze
def test_systemd_finds_nothing_wrong_with_the_user_s(tmp_path: Path) -> None:
    """As for the machine's."""
    path = tmp_path / "sig-gateway.service"
    path.write_text(user_unit(PLAN))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_it_waits_for_nobody_and_comes_back_forever() -> None:
    """Network, broker, clock and ports may come later; no number of starts is too many."""
    for unit in (system_unit(PLAN), user_unit(PLAN)):
        assert not re.search(r"(?m)^(Requires|BindsTo|Wants)=", unit)
        assert "network-online" not in unit
        assert "time-sync" not in unit
        assert value(unit, "Restart") == ["always"]
        assert value(unit, "StartLimitIntervalSec") == ["0"]
        assert value(unit, "WatchdogSec") == ["3min"]


def test_an_older_systemd_is_told_what_it_knows() -> None:
    """`notify-reload` came with 253, growing pauses with 254."""
    old = system_unit(PLAN)
    assert value(old, "Type") == ["notify"]
    assert value(old, "ExecReload") == ["/bin/sh -c 'kill -HUP $MAINPID'"]
    assert value(old, "RestartSteps") == []
    assert value(old, "RestartSec") == ["10s"]
    middle = system_unit(PLAN._replace(version=253))
    assert value(middle, "Type") == ["notify-reload"]
    assert value(middle, "ExecReload") == []
    assert value(middle, "RestartSteps") == []
    new = user_unit(PLAN._replace(version=254))
    assert value(new, "Type") == ["notify-reload"]
    assert value(new, "RestartSteps") == ["6"]
    assert value(new, "RestartMaxDelaySec") == ["2min"]


def test_who_it_runs_as() -> None:
    """A user that is there, or one that systemd makes up; groups that are there, or none."""
    unit = system_unit(PLAN._replace(user="pi", groups=("dialout", "gpio")))
    assert value(unit, "User") == ["pi"]
    assert value(unit, "SupplementaryGroups") == ["dialout gpio"]
    assert value(unit, "DynamicUser") == []
    unit = system_unit(PLAN._replace(user=None, groups=()))
    assert value(unit, "DynamicUser") == ["yes"]
    assert value(unit, "User") == []
    assert value(unit, "SupplementaryGroups") == []


@pytest.mark.parametrize(
    ("changed", "home"),
    [
        ({}, "yes"),
        ({"command": ["/home/pi/.local/bin/sig-gateway"]}, "read-only"),
        ({"config": Path("/root/config.yaml")}, "read-only"),
        ({"data": Path("/home/pi/data")}, "read-only"),
        ({"config": Path("/homes/config.yaml")}, "yes"),
    ],
)
def test_homes_are_hidden_unless_it_lives_in_one(changed: dict[str, object], home: str) -> None:
    """It then reads what is there, and writes its data alone."""
    plan = PLAN._replace(**changed)  # type: ignore[arg-type]
    unit = system_unit(plan)
    assert value(unit, "ProtectHome") == [home]
    assert value(unit, "ReadWritePaths") == ([str(plan.data)] if plan.data != STATE else [])


def test_what_is_written_beside_the_data_may_be() -> None:
    """The folder of a log or a socket, were it gone at a start; in systemd's own folder nothing is needed."""
    assert value(system_unit(PLAN._replace(beside=(STATE / "logs",))), "ReadWritePaths") == []
    unit = system_unit(PLAN._replace(data=Path("/srv/d"), beside=(Path("/srv/my log"), Path("/home/pi"))))
    assert value(unit, "ReadWritePaths") == ['/srv/d "-/srv/my log" -/home/pi']
    assert value(unit, "ProtectHome") == ["read-only"]


def test_paths_with_odd_characters_stay_one_path() -> None:
    """systemd expands % and, in commands, $; and splits at blanks."""
    plan = PLAN._replace(config=Path('/srv/50% of "$HOME"/a\\b.yaml'), data=Path("/srv/my data%/$x"))
    unit = system_unit(plan)
    assert value(unit, "ExecStart") == ['/bin/true run -c "/srv/50%% of \\"$$HOME\\"/a\\\\b.yaml"']
    assert value(unit, "ReadWritePaths") == ['"/srv/my data%%/$x"']


def test_secrets_are_beside_the_config() -> None:
    """By the name that `!file secrets/NAME` goes by."""
    unit = system_unit(PLAN._replace(config=Path("/srv/x/config.yaml")))
    assert value(unit, "LoadCredential") == ["secrets:/srv/x/secrets"]
