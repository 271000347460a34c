"""Ports: what a config names, and what that is now."""

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream import ports
from drivers.stream.ports import PathPort, UrlPort, UsbPort, list_ports, parse_port
from drivers.stream.presence import device_presence
from drivers.stream.sim_port import SimPort


def usb(device: str, vid: int | None = 0x2341, pid: int = 0x43, serial: str | None = "A1") -> Any:
    """A port as pyserial lists it."""
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=serial, description="a board")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/dev/ttyACM0", PathPort),
        ("./board", PathPort),
        ("/dev/serial/by-id/usb-x", PathPort),
        ("usb:2341:0043", UsbPort),
        ("usb:2341:0043:SER:IAL", UsbPort),
        ("USB:2341:0043".lower(), UsbPort),
        ("socket://localhost:7000", UrlPort),
        ("rfc2217://[::1]:7000", UrlPort),
        ("spy:///dev/ttyACM0", UrlPort),
        ("sim:", SimPort),
        ("sim:/tmp/b?speed=5&seed=1", SimPort),
    ],
)
def test_what_a_port_may_be(text: str, kind: type) -> None:
    """Each form has its source; nothing is opened."""
    assert isinstance(parse_port(text), kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ttyACM0",
        "COM3",
        "usb:",
        "usb:2341",
        "usb:2341:43",
        "usb:xxxx:0043",
        "usb:2341:0043:",
        "usb:2341:0043:a b",
        "http://localhost",
        "socket://",
        "socket://localhost",
        "socket://localhost:x",
        "socket://localhost:99999",
        "hwgrep://x",
        "loop://",
        "loop:",
        "spy://",
        "sim:?sped=1",
    ],
)
def test_what_no_port_is(text: str) -> None:
    """The error names the option and what it may be."""
    with pytest.raises(OptionError) as caught:
        parse_port(text)
    assert caught.value.option == "port"
    assert "expected " in caught.value.problem
    assert "got " in caught.value.problem


def test_a_loop_is_refused_with_what_to_write_instead() -> None:
    """No board would ever answer there."""
    with pytest.raises(OptionError, match=r"or sim: .*, got 'loop://', which hears only itself"):
        parse_port("loop://")


def test_a_path_is_looked_up_anew(tmp_path: Path) -> None:
    """A symlink that points elsewhere is another presence; one that points nowhere is none."""
    link, port = tmp_path / "board", PathPort(str(tmp_path / "board"))
    assert port.presence() is None
    with pytest.raises(PortNotFoundError, match="is not there; plug the board in"):
        port.resolve()
    link.symlink_to("/dev/null")
    first = port.presence()
    assert port.resolve() == str(link)
    link.unlink()
    link.symlink_to("/dev/zero")
    assert port.presence() not in (None, first)
    port.close()


def test_the_link_of_a_dead_simulator_is_not_followed(tmp_path: Path) -> None:
    """What it points to may be a person's shell by now."""
    link = tmp_path / "board"
    link.symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(f"{link}.control")
        control.listen()
        assert PathPort(str(link)).resolve() == str(link)
    with pytest.raises(PortNotFoundError, match=f"simulated board that made {link} is gone; start it again"):
        PathPort(str(link)).resolve()


def test_usb_by_vendor_and_product() -> None:
    """The one port of that identity, whatever it is called now."""
    plugged = [usb("/dev/null"), usb("/dev/zero", pid=0x44), usb("/dev/tty", vid=None)]
    port = UsbPort(0x2341, 0x43, None, comports=lambda: plugged)
    assert port.resolve() == "/dev/null"
    first = port.presence()
    plugged[0] = usb("/dev/full")
    assert port.resolve() == "/dev/full"
    assert port.presence() not in (None, first)
    plugged.clear()
    assert port.presence() is None
    with pytest.raises(PortNotFoundError, match="no serial port has the identity usb:2341:0043; see"):
        port.resolve()
    port.close()


def test_two_of_a_kind_need_the_serial_number() -> None:
    """The error says what to write."""
    plugged = [usb("/dev/null", serial="B2"), usb("/dev/zero")]
    with pytest.raises(
        PortError, match=r"2 serial ports .* write usb:2341:0043:A1 or usb:2341:0043:B2"
    ) as caught:
        UsbPort(0x2341, 0x43, None, comports=lambda: plugged).resolve()
    assert not isinstance(caught.value, PortNotFoundError)
    port = UsbPort(0x2341, 0x43, "B2", comports=lambda: plugged)
    assert port.resolve() == "/dev/null"
    assert str(port) == "usb:2341:0043:B2"


def test_two_of_a_kind_without_serial_numbers_are_named_by_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what tells them apart: their by-path names; without any, the devices."""
    plugged = [usb("/dev/null", serial=None), usb("/dev/zero", serial=None)]
    port = UsbPort(0x2341, 0x43, None, comports=lambda: plugged)
    with pytest.raises(PortError, match=r"2 serial ports .* write /dev/null or /dev/zero$"):
        port.resolve()
    (tmp_path / "by-path").mkdir()
    (tmp_path / "by-path/usb-0:1").symlink_to("/dev/null")
    (tmp_path / "by-path/usb-0:2").symlink_to("/dev/zero")
    monkeypatch.setattr(ports, "UDEV", tmp_path)
    folder = tmp_path / "by-path"
    with pytest.raises(PortError, match=f"write {folder}/usb-0:1 or {folder}/usb-0:2$"):
        port.resolve()


def test_a_url_is_taken_as_it_is() -> None:
    """Whether it is there shows only on opening it."""
    port = parse_port("socket://localhost:7000")
    assert port.resolve() == port.presence() == "socket://localhost:7000"
    port.close()


def test_the_presence_of_what_is_not_there() -> None:
    """None, also for a path through a file."""
    assert device_presence("/dev/null/x") is None
    assert device_presence("/dev/null") == device_presence("/dev/null")


def test_the_machine_s_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Sorted, each with the names that survive a re-plugging."""
    links = tmp_path / "by-id"
    links.mkdir()
    (links / "usb-one").symlink_to("/dev/null")
    found = [usb("/dev/zero", serial=None), usb("/dev/null", vid=None), usb("/dev/full")]
    monkeypatch.setattr(ports, "serial_ports", lambda: found)
    monkeypatch.setattr(ports, "UDEV", tmp_path)
    assert [(port.device, port.best_name) for port in list_ports()] == [
        ("/dev/full", "usb:2341:0043:A1"),
        ("/dev/null", str(links / "usb-one")),
        ("/dev/zero", "usb:2341:0043"),
    ]


def test_links_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """udev removes the folder with its last link, at any moment: a list without names is still a list."""

    def gone(_: object) -> None:
        raise FileNotFoundError("/dev/serial/by-id")

    monkeypatch.setattr(ports, "serial_ports", lambda: [usb("/dev/null")])
    monkeypatch.setattr("os.listdir", gone)
    monkeypatch.setattr(Path, "iterdir", gone)
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    assert [(port.by_id, port.by_path) for port in list_ports()] == [(None, None)]


def test_the_real_list_works() -> None:
    """Whatever this machine has."""
    assert all(port.best_name for port in list_ports())


def test_tcp_is_called_socket() -> None:
    """Of protocols that have no such name of their own; what is no URL either way gets no advice."""
    with pytest.raises(OptionError, match=r"; write: socket://host:5003$"):
        parse_port("tcp://host:5003")
    with pytest.raises(OptionError, match=r"got 'tcp://host'$"):
        parse_port("tcp://host")
