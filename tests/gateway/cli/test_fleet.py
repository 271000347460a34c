"""`fleet enrol`, `list`, `renew`, `revoke`, and what `fleet-router` refuses: in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a fleet that is not there yet."""
    return tmp_path / "fleet"


def said(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    """What a command prints, on either stream."""
    assert main([str(each) for each in arguments]) == status
    out, err = capsys.readouterr()
    return out + err


def section(text: str) -> dict[str, object]:
    """What is to be pasted into a config."""
    lines = text[text.index("Write into that") :].splitlines()[2:]
    end = lines.index("")
    return dict(yaml.safe_load("\n".join(line[5:] for line in lines[:end])))


def test_what_to_do_for_a_gateway(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A section with its site, routers, consumers and files; and each router is to be restarted."""
    said(capsys, "fleet", "enrol", "hub1", "--router", "hub1.example,10.0.0.1", "--dir", folder)
    said(capsys, "fleet", "enrol", "hub2", "--router", "hub2.example:7000", "--dir", folder)
    said(capsys, "fleet", "enrol", "main", "--collector", "all", "--dir", folder)
    said(capsys, "fleet", "enrol", "of-south", "--collector", "south", "--dir", folder)
    text = said(capsys, "fleet", "enrol", "north/no", "--dir", folder)
    assert section(text) == {
        "gateway": {"name": "no"},
        "fleet": {
            "site": "north",
            "consumers": ["main"],
            "routers": ["tls://hub1.example", "tls://hub2.example:7000"],
            "tls": {name: f"secrets/fleet/{name}.pem" for name in ("ca", "cert", "key")},
        },
    }
    for host, name in (("hub1.example", "hub1"), ("hub2.example", "hub2")):
        copied = f"ssh {host} sudo tee /etc/sig-gateway/fleet/members.json < {folder}/{name}/members.json"
        assert f"{copied} > /dev/null &&\n" in text
        assert f"ssh {host} sudo systemctl restart sig-gateway-fleet-router" in text


def test_what_to_do_for_a_collector(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Its name, and its site if it is not for all."""
    text = said(capsys, "fleet", "enrol", "keeper", "--collector", "north", "--dir", folder)
    assert section(text)["collect"] == {"name": "keeper", "sites": ["north"]}
    assert "Write `consumers: [keeper]` into the `fleet:` of each gateway" in text
    text = said(capsys, "fleet", "enrol", "main", "--collector", "all", "--dir", folder)
    assert section(text)["collect"] == {"name": "main"}
    assert "once there are some: sig-gateway fleet enrol hub1 --router HOST" in text


def test_what_to_do_for_a_router(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The command, linked with those that are there, which need the new list."""
    first = said(capsys, "fleet", "enrol", "hub1", "--router", "hub1.example", "--dir", folder)
    assert f"{folder}: the fleet's authority is made." in first
    assert "--listen tls://0.0.0.0 --dir /etc/sig-gateway/fleet\n" in first
    assert "members.json" not in first
    assert "of two routers" not in first
    text = said(capsys, "fleet", "enrol", "hub2", "--router", "hub2.example:7000", "--dir", folder)
    assert "authority is made" not in text
    assert "--listen tls://0.0.0.0:7000 --dir /etc/sig-gateway/fleet --connect tls://hub1.example\n" in text
    assert "of two routers one connects to the other" in text
    assert f"< {folder}/hub1/members.json" in text
    assert f"< {folder}/hub2/" not in text


def test_what_to_do_on_one_machine(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Nothing is copied to where it is: a router's folder stays, and it is started again for a new list."""
    said(capsys, "fleet", "enrol", "hub1", "--router", "127.0.0.1:7447", "--dir", folder)
    text = said(capsys, "fleet", "enrol", "hub2", "--router", "localhost:7448", "--dir", folder)
    command = f"--listen tls://localhost:7448 --dir {folder}/hub2 --connect tls://127.0.0.1:7447\n"
    assert f"     sig-gateway fleet-router {command}" in text
    assert "hub1 is for this machine alone, and has the list: end it, and start it again." in text
    text = said(capsys, "fleet", "enrol", "desk", "--reader", "--dir", folder)
    where = f"fleet:tls://127.0.0.1:7447,tls://localhost:7448 --tls-dir {folder}/desk\n"
    assert f"     sig-gateway senders --connect {where}" in text
    assert "ssh" not in text
    said(capsys, "fleet", "enrol", "far", "--router", "hub.example", "--dir", folder)
    text = said(capsys, "fleet", "enrol", "chair", "--reader", "--dir", folder)
    assert "--tls-dir DIR\n" in text
    assert "hub2 is for this machine alone" in text
    assert "ssh hub.example sudo systemctl restart" in text


def test_what_to_do_for_who_reads(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """What to type."""
    said(capsys, "fleet", "enrol", "hub1", "--router", "hub1.example", "--dir", folder)
    text = said(capsys, "fleet", "enrol", "desk", "--reader", "--dir", folder)
    assert "sig-gateway senders --connect fleet:tls://hub1.example --tls-dir DIR" in text


def test_the_list(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Who may what; also as JSON."""
    for arguments in (
        ["hub", "--router", "hub.example"],
        ["north/a"],
        ["north/b", "--reader", "--ask"],
        ["main", "--collector", "all"],
        ["keeper", "--collector", "north"],
        ["desk", "--reader"],
    ):
        said(capsys, "fleet", "enrol", *arguments, "--dir", folder)
    text = said(capsys, "fleet", "revoke", "north/a", "--dir", folder)
    assert "north/a is revoked" in text
    assert f"< {folder}/hub/members.json" in text
    lines = [line.split("  ") for line in said(capsys, "fleet", "list", "--dir", folder).splitlines()]
    rows = {cells[0]: [cell.strip() for cell in cells if cell.strip()] for cells in lines}
    assert rows["hub"][1:3] == ["router", "pass on everything, at hub.example"]
    assert rows["north/a"][3] == "revoked"
    assert rows["north/b"][2] == "speak as itself, read everything, ask"
    assert rows["main"][2] == "keep and ask every site"
    assert rows["keeper"][2] == "keep and ask north"
    assert rows["desk"][2] == "read everything"
    listed = json.loads(said(capsys, "fleet", "list", "--json", "--dir", folder))
    assert [each["name"] for each in listed] == ["desk", "hub", "keeper", "main", "north/a", "north/b"]
    assert listed[0]["certificate"] == "reader:desk:1"
    assert 725 < listed[0]["days_left"] <= 730
    assert [each["revoked"] for each in listed] == [False, False, False, False, True, False]


def test_a_certificate_that_has_ended(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Is a warning and exit status 1, until it is renewed."""
    said(capsys, "fleet", "enrol", "north/a", "--dir", folder)
    path = folder / "members.json"
    listed = json.loads(path.read_text())
    listed["members"]["north/a"]["expires"] = "2026-01-31"
    path.write_text(json.dumps(listed))
    text = said(capsys, "fleet", "list", "--dir", folder, status=1)
    assert (
        "warning: north/a: its certificate has ended on 2026-01-31: sig-gateway fleet renew north/a" in text
    )
    text = said(capsys, "fleet", "renew", "north/a", "--dir", folder)
    assert "north/a has a new certificate" in text
    assert "warning" not in said(capsys, "fleet", "list", "--dir", folder)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["enrol", "greenhouse"], "a gateway is called site/gateway"),
        (["enrol", "greenhouse", "--ask"], "error: --ask goes with --reader\n"),
        (["renew", "north/a"], "FOLDER: no fleet is there; say where the folder is"),
        (["revoke", "north/a"], "FOLDER: no fleet is there; say where the folder is"),
        (["list"], "FOLDER: no fleet is there; say where the folder is that `fleet enrol` made: --dir DIR"),
    ],
)
def test_errors(capsys: pytest.CaptureFixture[str], folder: Path, arguments: list[str], text: str) -> None:
    """One line that begins with `error:`."""
    out = said(capsys, "fleet", *arguments, "--dir", folder, status=1)
    assert out.startswith("error: ")
    assert text.replace("FOLDER", str(folder)) in out
    assert out.count("\n") == 1


def test_a_file_that_cannot_be_written(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Is named, with the system's word; the folder is one all the same."""
    said(capsys, "fleet", "enrol", "north/a", "--dir", folder)
    (folder / "south").touch()
    out = said(capsys, "fleet", "enrol", "south/a", "--dir", folder, status=1)
    assert out == f"error: {folder}/south/a: Not a directory\n"


def test_who_reads_only_the_first_line(folder: Path) -> None:
    """Has what it wants, without an error."""
    command = f"{sys.executable} -m gateway fleet enrol north/a --dir {folder} | head -0"
    at_once = os.environ | {"PYTHONUNBUFFERED": "1"}
    done = subprocess.run(["sh", "-c", command], env=at_once, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    assert (folder / "north/a/cert.pem").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "--listen is missing, such as --listen tls://0.0.0.0"),
        (["--listen", "tls://0.0.0.0"], "error: a router listens with a certificate: give --dir"),
        (["--listen", "tcp://0.0.0.0"], "without TLS anybody could publish as any gateway"),
        (["--listen", "tls://0.0.0.0", "--dir", "nowhere"], "nowhere: there is no ca.pem, no cert.pem"),
        (["--config", "no.yaml", "--listen", "tls://0.0.0.0"], "--config says it all"),
        (["--config", "no.yaml"], "no.yaml: cannot be read: No such file"),
    ],
)
def test_a_router_that_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    """Exit status 2, and what to do."""
    assert text in " ".join(said(capsys, "fleet-router", *arguments, status=2).split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("listen: tls://0.0.0.0\nconect: x\n", "2: conect: unknown key 'conect'; did you mean 'connect'?"),
        ("connect: []\n", "listen: expected where members come"),
        ("listen: [7]\n", "1: listen: expected a list such as [tls://hub.example], got"),
        ("listen: tls://a\ndir: [x]\n", "2: dir: expected a folder, got a list"),
        ("- a\n", "expected listen, connect, dir"),
        ("listen: [\n", "not valid YAML"),
    ],
)
def test_a_router_s_file_that_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, line: str
) -> None:
    """Names the line, as for a gateway's config."""
    path = tmp_path / "router.yaml"
    path.write_text(text)
    assert line in said(capsys, "fleet-router", "--config", path, status=2)


def test_without_the_extra(folder: Path) -> None:
    """Says what to install; help needs neither of the two packages, nor does a list."""
    program = (
        "import sys; sys.modules.update(zenoh=None, cryptography=None)\n"
        "from gateway.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    for arguments, status, text in (
        (["--help"], 0, "fleet-router"),
        (["fleet", "enrol", "--help"], 0, "NAME is site/gateway"),
        (["fleet", "list", "--dir", str(folder)], 1, "no fleet is there"),
        (["fleet", "enrol", "north/a", "--dir", str(folder)], 1, "pip install 'sig-gateway[fleet]'"),
        (["fleet-router", "--listen", "tcp://127.0.0.1"], 1, "pip install 'sig-gateway[fleet]'"),
    ):
        command = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert text in done.stdout + done.stderr


def test_the_command_line_imports_no_zenoh() -> None:
    """Nor what makes certificates: who has no fleet pays nothing."""
    program = (
        "import gateway.cli, sys; print([name for name in ('zenoh', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
