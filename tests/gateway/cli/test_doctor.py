"""`doctor` as it is typed: what is printed where, and the archive."""

import json
import os
import stat
import tarfile
from pathlib import Path

import click
import pytest

from gateway.cli import doctor as command
from gateway.cli import doctor_bundle, main
from gateway.cli.doctor import lines
from gateway.doctor.finding import Finding, Level
from gateway.doctor.patient import Running
from gateway.live.lines import painted
from tests.support.ports import free_port

FOUND = [
    Finding("config", Level.GREEN, "correct"),
    Finding("permissions", Level.RED, "you may not " + "read this " * 8, "chmod it"),
    Finding("x", Level.YELLOW, "a name with \x1b[2J in it", "do this"),
]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is well, but for its token that everybody may read."""
    monkeypatch.setenv("SIG_GATEWAY_CLOCK", "set")
    path = tmp_path / "config.yaml"
    listen = f"listen: '127.0.0.1:{free_port()}'"
    path.write_text(f"router: {{{listen}, token: s3cret-token-77}}\nlinks: {{b: {{port: 'sim:'}}}}\n")
    path.chmod(0o644)
    return path


def _text(width: int | None, *, colours: bool = False) -> str:
    return "\n".join(painted(line, colours=colours) for line in lines(FOUND, width))


def test_lines() -> None:
    """The remedy is below; the sum at the end; nothing steers the terminal."""
    plain = ["".join(text for text, _ in line) for line in lines(FOUND, None)]
    assert plain == [
        "green   config       correct",
        "red     permissions  you may not " + "read this " * 8,
        "                     > chmod it",
        "yellow  x            a name with \\x1b[2J in it",
        "                     > do this",
        "",
        "1 red, 1 yellow, 1 green",
    ]


def test_narrow_and_coloured() -> None:
    """Words are wrapped to what there is; the colour is the line's own."""
    assert max(map(len, _text(60).replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines())) <= 60
    assert "read this" in _text(60)
    coloured = _text(None, colours=True)
    assert "\x1b[31mred   \x1b[0m" in coloured
    assert "\x1b[32mgreen \x1b[0m" in coloured
    assert "\x1b[33myellow\x1b[0m" in coloured


def test_into_a_pipe(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No colours, no progress, and the exit status of the worst."""
    assert main(["doctor", "-c", str(config)]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out
    assert shown.err == ""
    assert shown.out.splitlines()[0].startswith("yellow  config       ")
    config.write_text("rooter: {}")
    assert main(["doctor", "-c", str(config)]) == 1
    assert "did you mean 'router'?" in capsys.readouterr().out


def test_json(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a shape that stays."""
    assert main(["doctor", "--json", "-c", str(config)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {"status", "checks"}
    assert all(one.keys() == {"check", "level", "message", "remedy"} for one in said["checks"])
    names = list(dict.fromkeys(one["check"] for one in said["checks"]))
    assert names == [
        *("config", "gateway", "service", "permissions", "groups", "ports", "broker", "fleet", "listening"),
        *("databases", "clock", "power", "disk", "wear", "memory", "versions"),
    ]


def test_bundle(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Listed, written for its owner alone, and never over what is there; JSON goes elsewhere."""
    path = tmp_path / "b.tar.gz"
    assert main(["doctor", "--json", "-c", str(config), "--bundle", str(path), "--yes"]) == 0
    shown = capsys.readouterr()
    json.loads(shown.out)
    assert "config.yaml" in shown.err
    assert f"{path}: written" in shown.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as archive:
        names = [member.name.removeprefix("sig-gateway-bundle/") for member in archive]
        kept = archive.extractfile("sig-gateway-bundle/config.yaml")
        assert kept is not None
        text = kept.read().decode()
        assert all(
            (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "") for member in archive
        )
    assert names == [
        *("README.txt", "doctor.txt", "doctor.json", "config.yaml", "health.json", "info.json", "ports.json"),
        "log.txt",
    ]
    assert "token: <not shown>" in text
    before = path.read_bytes()
    assert b"s3cret-token-77" not in before
    assert main(["doctor", "-c", str(config), "--bundle", str(path), "--yes"]) == 1
    assert "is there already, and is left as it is" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--yes"], 2, "--yes goes with --bundle"),
        (["--bundle", "x.tar.gz"], 2, "which needs a terminal: or say --yes"),
        (["--bundle", "no/such/folder/x", "--yes"], 1, "there is no folder"),
        (["--connect", "http://x"], 2, "expected tcp://host:port"),
    ],
)
def test_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What would be refused after half a minute is refused at once."""
    monkeypatch.setattr(command, "first_round", None)
    assert main(["doctor", *arguments]) == status
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answers", "written"), [(["y"], True), (["n"], False), ([""], False), (["s", "yes"], True)]
)
def test_a_person_is_asked(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: list[str],
    written: bool,
) -> None:
    """After all was listed; `s` shows it."""
    left = list(answers)
    shown: list[str] = []
    monkeypatch.setattr(doctor_bundle, "refuse_early", lambda path, yes: None)
    monkeypatch.setattr(command, "refuse_early", lambda path, yes: None)
    monkeypatch.setattr(click, "prompt", lambda text, **_: left.pop(0))
    monkeypatch.setattr(click, "echo_via_pager", shown.append)
    path = tmp_path / "b.tar.gz"
    assert main(["doctor", "-c", str(config), "--bundle", str(path)]) == (0 if written else 1)
    assert path.exists() is written
    assert ("nothing was written" in capsys.readouterr().err) is not written
    assert bool(shown) is (answers[0] == "s")
    assert all("=== config.yaml" in text and "s3cret-token-77" not in text for text in shown)


def test_a_disk_that_is_full(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an archive is not left."""

    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("gateway.doctor.bundle.archive.os.fsync", full)
    path = tmp_path / "b.tar.gz"
    assert main(["doctor", "-c", str(config), "--bundle", str(path), "--yes"]) == 1
    assert not path.exists()


def test_nobody_answers(config: Path) -> None:
    """Where nobody listens it is refused; where somebody does, the words are another's."""
    refused = command.ask(command.Where(f"tcp://127.0.0.1:{free_port()}", None), None)
    assert refused.refused
    assert not refused.answers
    assert Running("x").link("board") == {}
    assert Running("x", {}, {"links": {"board": 5}}).link("board") == {}
    assert Running("x", {}, {"links": {"board": {"state": "up"}}}).link("board") == {"state": "up"}
