"""The protocol in the registry: its keys, its checks, its warnings, and the ports that it takes."""

import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import OptionError
from drivers.kinds import new_source, protocol
from drivers.link import Link, LinkState
from drivers.modbus import PROTOCOL
from drivers.options import parse_options
from tests.support.modbus_link import devices, linked, xy
from tests.support.modbus_slaves import FakeBus
from tests.support.waiting import until

ROOF = {"roof": {"id": 2, "profile": "xy-md02"}}


def warnings(**given: Any) -> list[tuple[str, str]]:
    """Of a link on a serial port, or another."""
    parsed = parse_options(PROTOCOL.options, {"port": "/dev/ttyUSB0", **given})
    PROTOCOL.check(parsed)
    return list(PROTOCOL.warnings(parsed))


def refused(**given: Any) -> str:
    """What is said of options that do not fit."""
    with pytest.raises(OptionError) as caught:
        new_source("modbus", {"port": "/dev/ttyUSB0", **given})
    return str(caught.value)


def test_the_registry_has_it() -> None:
    """With the product's keys and defaults."""
    kind = protocol("modbus")
    assert (kind.sets_intervals, kind.tells_identity) == (False, False)
    parsed = parse_options(kind.options, {"port": "/dev/ttyUSB0", "devices": ROOF})
    defaults = {
        name: parsed[name] for name in ("baud", "parity", "stop_bits", "every", "timeout", "gap", "id")
    }
    assert defaults == {
        "baud": 9600, "parity": "none", "stop_bits": 1,
        "every": 10.0, "timeout": 0.5, "gap": None, "id": None,
    }  # fmt: skip


def test_channels_and_devices() -> None:
    """`roof/temperature` is the roof's; of an only device it has no part in front."""
    source = new_source("modbus", {"port": "/dev/ttyUSB0", "devices": ROOF})
    assert (source.where, source.device_of("roof/temperature")) == ("/dev/ttyUSB0", "roof")
    assert source.device_of("attic/temperature") == source.device_of("roof") == ""
    only = new_source("modbus", {"port": "/dev/ttyUSB0", "registers": {"t": {"address": 0}}})
    assert only.device_of("t") == ""
    for each in (source, only):
        assert each.presence() is None
        each.close()


def test_devices_or_registers() -> None:
    """One of them, and an id only beside registers."""
    registers = {"t": {"address": 0}}
    assert refused() == (
        "devices: expected devices or registers, got neither; "
        "write: devices: {roof: {id: 2, profile: xy-md02}}"
    )
    assert refused(devices=ROOF, registers=registers).startswith("registers: expected one of devices and reg")
    assert refused(devices=ROOF, id=3) == "id: each of the devices has its own; write it there"
    assert refused(registers=registers, id=300) == "id: expected a whole number from 1 to 247, got 300"
    assert refused(registers=registers, timeout=0).startswith(
        "timeout: expected a time span from 0.01 to 60 s"
    )
    assert refused(devices={"roof": {"id": 2, "profile": "xy"}}).startswith(
        "devices: roof.profile: expected one"
    )


@pytest.mark.parametrize(
    "port", ["tcp://127.0.0.1", "tcp://[::1]:1502", "tcp://gateway.lan", "socket://h:1", "sim:"]
)
def test_ports(port: str) -> None:
    """Those of any link, and Modbus TCP."""
    source = new_source("modbus", {"port": port, "devices": ROOF})
    assert source.where == port
    source.close()


@pytest.mark.parametrize(
    "port", ["tcp://", "tcp://h:x", "tcp://h:0/x", "tcp://h?x", "tcp://u@h", "tcp://h:99999"]
)
def test_urls_that_are_none(port: str) -> None:
    """Say what was expected."""
    assert refused(port=port, devices=ROOF) == f"port: expected tcp://host or tcp://host:port, got {port!r}"


def test_other_ports_are_checked_as_for_any_link() -> None:
    """In the same words, and with those of Modbus TCP."""
    assert "for Modbus TCP, a device such as /dev/ttyACM0" in refused(port="ttyUSB0", devices=ROOF)
    assert refused(port=5, devices=ROOF) == "port: expected a port, got 5 (a number)"


def test_a_warning_of_another_line() -> None:
    """A profile whose baud or parity is not the bus's."""
    (warning,) = warnings(devices={"hall": {"id": 1, "profile": "rs-ws-n01"}})
    assert warning == (
        "devices",
        "hall: rs-ws-n01 comes set to 4800 8N1, and this bus is 9600 8N1: set one of them to the other's, or "
        "it will not answer",
    )
    assert warnings(devices=ROOF) == warnings(devices=ROOF, parity="even") == []
    ((_, odd),) = warnings(devices=ROOF, parity="odd", stop_bits=2)
    assert odd.startswith("roof: xy-md02 comes set to 9600 8N1 or 9600 8E1, and this bus is 9600 8O2: set")


def test_no_warning_where_the_line_is_set_elsewhere() -> None:
    """By a gateway in the network; and of registers nobody knows the line."""
    hall = {"hall": {"id": 1, "profile": "rs-ws-n01"}}
    assert warnings(port="socket://h:1", devices=hall) == warnings(port="tcp://h", devices=hall) == []
    assert warnings(registers={"t": {"address": 0}}, baud=1200) == []
    assert warnings(devices={"x": {"id": 1, "registers": {"t": {"address": 0}}}}, baud=1200) == []


def test_another_port_in_its_place(tmp_path: Path) -> None:
    """Is noticed while nobody answers."""
    with FakeBus(tmp_path / "bus", {}) as bus, linked(bus.link, devices=devices(1)) as (link, _):
        until(lambda: bus.asked)
        bus.slaves[1] = xy()
        bus.unplug()
        bus.plug()
        until(lambda: link.status().state is LinkState.UP)


def test_a_peer_that_does_not_speak_it() -> None:
    """Modbus TCP has a header to check: the link says what came."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(100)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n")
                client.recv(100)

        thread = threading.Thread(target=serve, name="web-server")
        thread.start()
        port = listening.getsockname()[1]
        with linked(f"tcp://127.0.0.1:{port}", devices=devices(1)) as (link, _):
            until(lambda: link.status().state is LinkState.FAILED)
            assert "bytes came that are not Modbus TCP: 48 54 54 50" in str(link.status().reason)
        thread.join()


def test_nothing_stays_open_when_a_session_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port is closed again: the fixtures count descriptors."""

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("foreign")

    monkeypatch.setattr("drivers.modbus.kind.ModbusSession", fails)
    with FakeBus(tmp_path / "bus", {}) as bus:
        source = new_source("modbus", {"port": str(bus.link), "devices": ROOF})
        with pytest.raises(RuntimeError, match="foreign"):
            source.open(Link("bus", source=source))


def test_an_address_without_its_scheme() -> None:
    """All forms are named, those of Modbus TCP too."""
    text = refused(port="192.168.1.5:502", devices=ROOF)
    assert text.startswith("port: expected tcp://host or tcp://host:port for Modbus TCP, a device such as ")
    assert "socket://host:port" in text


def test_a_gateway_that_refuses_is_named_as_in_the_config() -> None:
    """Once, and in the system's words."""
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    with linked(f"tcp://127.0.0.1:{port}", devices=devices(1)) as (link, _):
        until(lambda: "there" in (link.status().reason or ""))
        assert link.status().reason == f"tcp://127.0.0.1:{port} is not there: Connection refused"
