"""What only root may look at: the service's journal, files, and what to type."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from gateway.config import load
from gateway.doctor.as_root import as_root
from gateway.doctor.finding import Level
from gateway.doctor.machine import Machine
from gateway.doctor.patient import Patient, Running
from gateway.doctor.people import caller, made_up
from gateway.doctor.service import service
from gateway.doctor.unit import Unit

UNIT = Unit(True, "active", "success", 0, "sig", (), own=False, pid=1)


def patient(folder: Path, unit: Unit | None, *, running: bool = False) -> Patient:
    """On a machine in `folder`."""
    config = folder / "config.yaml"
    config.write_text("{}\n")
    health = {"status": "ok"} if running else None
    person = caller() if unit is None or unit.own else made_up("sig")
    return Patient(
        config, load(config), person, Running("tcp://x", health), unit=unit, machine=Machine(folder)
    )


@pytest.mark.parametrize(
    ("readable", "own", "lines"),
    [(False, False, 2), (True, False, 1), (False, True, 1), (None, False, 1)],
)
def test_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readable: bool | None, own: bool, lines: int
) -> None:
    """Who may not read it is not told that the watchdog had nothing to do; one's own can be read."""
    if readable is not None:
        (tmp_path / "var/log/journal/1").mkdir(parents=True)
        (tmp_path / "var/log/journal/1/system.journal").touch()
    monkeypatch.setattr(os, "access", lambda path, want, **_: bool(readable))
    found = list(service(patient(tmp_path, UNIT._replace(own=own))))
    assert len(found) == lines
    assert [one.level for one in found[1:]] == [Level.YELLOW] * (lines - 1)
    if lines > 1:
        assert "whether the watchdog had to restart it is not known" in found[1].message
        assert found[1].remedy.startswith("sudo sig-gateway doctor -c ")


@pytest.mark.parametrize(
    ("unit", "running", "me", "another"),
    [
        (UNIT, False, 1000, True),
        (UNIT, False, 0, False),
        (UNIT._replace(own=True), False, None, False),
        (None, False, None, False),
        (None, True, None, True),
        (None, False, 1000, True),
    ],
)
def test_whose_gateway_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unit: Unit | None,
    running: bool,
    me: int | None,
    another: bool,
) -> None:
    """By its service, by its config's owner, and by whether one runs; to root, all is as its own."""
    made = patient(tmp_path, unit, running=running)
    owner = 1001 if me is None else me
    if me is None:
        os.chown(made.path, owner, -1) if os.geteuid() == 0 else pytest.skip("takes root")
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert made.another_s == another


def test_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In full where sudo has another PATH than who types it."""
    for folder, more in (("home", True), ("usr/bin", False)):
        script = tmp_path / folder / "sig-gateway"
        script.parent.mkdir(parents=True)
        script.touch()
        monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
        monkeypatch.setattr("gateway.doctor.as_root.SEARCHED", (str(tmp_path / "usr/bin"),))
        typed = as_root(Path("/etc/c.yaml"))
        assert typed.startswith("sudo sig-gateway doctor -c /etc/c.yaml")
        assert (f"sudo {script} doctor" in typed) == more


def test_what_to_type_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell makes the same words of it, whatever the folders are called."""
    script = tmp_path / "my $bin" / "sig-gateway"
    script.parent.mkdir()
    script.touch()
    monkeypatch.setattr(sys, "executable", str(script.with_name("python")))
    config = tmp_path / "my $(config).yaml"
    typed, _, full = as_root(config).partition(" (in full: ")
    assert shlex.split(typed) == ["sudo", "sig-gateway", "doctor", "-c", str(config)]
    assert shlex.split(full.removesuffix(" …)")) == ["sudo", str(script), "doctor"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gateway: {data: ~/data}", True),
        ("gateway: {data: '~'}", True),
        ("gateway: {data: ~}", False),
        ("router: {listen: 'unix:~/s'}", True),
        ("links: {b: {port: 'sim:~/b'}}", True),
        ("links: {b: {port: 'sim:?seed=1&data=~/b'}}", True),
        ("router: {token: !file ~/token}", True),
        ("gateway: {data: ~root/data}", False),
        ("gateway: {data: ./data~}", False),
        ("gateway: [", False),
    ],
)
def test_a_home_in_the_config(tmp_path: Path, text: str, told: bool) -> None:
    """Under sudo it is another's, which is told where it matters."""
    config = tmp_path / "c.yaml"
    config.write_text(text)
    word = f"(a ~ in c.yaml is root's home under sudo, not {Path.home()}: write that path in full)"
    assert as_root(config).endswith(word) == told
