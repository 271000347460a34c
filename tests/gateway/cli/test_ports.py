"""What `ports` prints for a serial port, the config takes."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.stream import ports as driver_ports
from gateway.cli.ports import ports
from gateway.config import load

AWKWARD = [
    "SN 0001 7",
    "A#1",
    "A: 1",
    'A"1',
    "A1 ",
    " ",
    "50%",
    "%41",
    "\x00\x1b",
    "ü",
    "\U0001f600",
    "a\\x20",
]


def plug(monkeypatch: pytest.MonkeyPatch, *serials: str) -> None:
    """Devices of one kind with these serial numbers."""
    found = [
        SimpleNamespace(device=f"/dev/ttyX{n}", vid=0x2341, pid=0x43, serial_number=serial, description="x")
        for n, serial in enumerate(serials)
    ]
    monkeypatch.setattr(driver_ports, "serial_ports", lambda: found)


@pytest.mark.parametrize("serial", AWKWARD)
def test_what_is_printed_is_taken(
    serial: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The `port:` line, pasted into a config, names that port again, whatever its serial number."""
    plug(monkeypatch, serial)
    assert ports(as_json=False) == 0
    printed = capsys.readouterr().out.splitlines()[1]
    config = tmp_path / "config.yaml"
    config.write_text(f"links:\n  board:\n{printed}\n")
    text = load(config).links["board"].options["port"]
    assert driver_ports.parse_port(text).resolve() == "/dev/ttyX0"


def test_two_alike_are_named_by_their_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The backslash that udev writes into such a name comes through the quotes."""
    plug(monkeypatch, "", "")
    links = tmp_path / "by-path"
    links.mkdir()
    for number in range(2):
        (links / f"a\\x20{number}").symlink_to(f"/dev/ttyX{number}")
    monkeypatch.setattr(driver_ports, "UDEV", tmp_path)
    assert ports(as_json=False) == 0
    config = tmp_path / "config.yaml"
    config.write_text(f"links:\n  board:\n{capsys.readouterr().out.splitlines()[3]}\n")
    assert load(config).links["board"].options["port"] == str(links / r"a\x201")
