"""Relative paths are those of the config file's folder, wherever they are written."""

from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.address import parse_address


@pytest.mark.parametrize(
    ("port", "absolute"),
    [
        ("./ttyV0", "{}/ttyV0"),
        ("dev/ttyV0", "{}/dev/ttyV0"),
        ("/dev/ttyV0", "/dev/ttyV0"),
        ("sim:", "sim:"),
        ("sim:board?seed=1", "sim:{}/board?seed=1"),
        ("sim:?data=my+values.csv&speed=2", "sim:?data={}/my%20values.csv&speed=2"),
        ("sim:?data=", "sim:?data="),
        ("sim:/run/b?replay=/a.cap", "sim:/run/b?replay=/a.cap"),
        ("usb:2341:0043", "usb:2341:0043"),
        ("socket://host:1", "socket://host:1"),
    ],
)
def test_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str, absolute: str) -> None:
    """A device, a simulator's link and its files; URLs have none."""
    monkeypatch.chdir("/")
    path = tmp_path / "config.yaml"
    path.write_text(f'links: {{b: {{port: "{port}"}}}}\nsensors: {{t: {{driver: temperature, link: b}}}}\n')
    assert load(path).links["b"].options["port"] == absolute.format(tmp_path)


def test_sockets_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the gateway listens, the kernel's sensors, and the user's own folder."""
    monkeypatch.setenv("HOME", "/home/me")
    path = tmp_path / "config.yaml"
    path.write_text(
        "router: {listen: 'unix:sig.sock'}\nhttp: {listen: 'unix:~/page.sock'}\n"
        "links: {k: {protocol: sysfs, root: ./sys}, l: {protocol: sysfs, root: /sys}}\ngateway: {data: ~/d}\n"
    )
    config = load(path)
    assert config.http is not None
    assert parse_address(config.router.listen).host == f"{tmp_path}/sig.sock"
    assert parse_address(config.http.listen).host == "/home/me/page.sock"
    assert config.links["k"].options["root"] == f"{tmp_path}/sys"
    assert config.links["l"].options["root"] == "/sys"
    assert config.data == Path("/home/me/d")
