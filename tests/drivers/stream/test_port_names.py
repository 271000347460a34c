"""What to write into the config for a serial port."""

from drivers.stream.port_names import PortInfo, names_for_config


def port(number: int, usb: str | None, by_id: str | None, by_path: str | None) -> PortInfo:
    """A port by its names."""
    return PortInfo(f"/dev/ttyUSB{number}", "", usb, by_id, by_path)


def test_identity_first() -> None:
    """USB identity, then udev's paths, then the device."""
    ports = [
        port(0, "usb:1:2:A", "/id/a", "/path/a"),
        port(1, None, "/id/b", "/path/b"),
        port(2, None, None, None),
    ]
    assert names_for_config(ports) == ["usb:1:2:A", "/id/b", "/dev/ttyUSB2"]


def test_two_alike() -> None:
    """Two adapters without serial numbers are told apart by the socket each is in: they share one by-id name,
    which is now the one's, now the other's."""
    ports = [port(0, "usb:1a86:7523", "/id/x", "/path/a"), port(1, "usb:1a86:7523", None, "/path/b")]
    assert names_for_config(ports) == ["/path/a", "/path/b"]


def test_two_ports_of_one_device() -> None:
    """Each has a by-id name of its own, which follows the device into another socket."""
    ports = [port(0, "usb:1:2:A", "/id/a-if00", "/path/a"), port(1, "usb:1:2:A", "/id/a-if01", "/path/b")]
    assert names_for_config(ports) == ["/id/a-if00", "/id/a-if01"]
