"""Slaves that others have written: pymodbus' server, and one on libmodbus."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sig
from drivers.link import LinkState
from drivers.source import Measurement
from tests.support.modbus_link import linked
from tests.support.programs import running
from tests.support.pty_pair import PtyPair
from tests.support.waiting import until

PROGRAM = Path(__file__).parents[2] / "support" / "libmodbus_slave.c"
BOTH = {"roof": {"id": 1, "profile": "xy-md02"}, "hall": {"id": 2, "profile": "rs-ws-n01"}}
CHANNELS = "roof/temperature", "roof/humidity", "hall/temperature", "hall/humidity"
VALUES = [30.5, 54.6, -10.1, 65.8]


@pytest.fixture
def pair(no_leaks: None) -> Iterator[PtyPair]:
    """Our end of a line and the slaves'."""
    with PtyPair() as pair:
        yield pair


@contextmanager
def pymodbus(port: str) -> Iterator[None]:
    """Its server, as a program."""
    pytest.importorskip("pymodbus", reason="pymodbus is not installed; pip install -e '.[test]' does that")
    command = [sys.executable, "-m", "tests.support.pymodbus_slave", port]
    with running(command, subprocess.DEVNULL, says=True):  # type: ignore[arg-type]
        yield


def free_port() -> int:
    """Of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number: int = listening.getsockname()[1]
        return number


def reads_all(port: str, **more: Any) -> None:
    """Both slaves of pymodbus' server, polled and live."""
    with linked(port, *CHANNELS, devices=BOTH, timeout="1s", **more) as (link, takers):
        until(lambda: all(len(taker.values) > 2 for taker in takers))
        assert [taker.values[-1] for taker in takers] == VALUES
        for channel, value in zip(CHANNELS, VALUES, strict=True):
            answer = link.request("read", channel)
            assert isinstance(answer, Measurement)
            assert answer.value == value
        assert link.status().counters["no_answer"] == link.status().counters["damaged"] == 0


def test_pymodbus_on_a_line(pair: PtyPair) -> None:
    """RTU."""
    with pymodbus(pair.theirs):
        reads_all(pair.ours)


def test_pymodbus_over_tcp() -> None:
    """Modbus TCP."""
    number = free_port()
    with pymodbus(f"tcp:{number}"):
        reads_all(f"tcp://127.0.0.1:{number}")


def test_pymodbus_with_rtu_over_tcp() -> None:
    """As a serial server hands it on."""
    number = free_port()
    with pymodbus(f"rtu-over-tcp:{number}"):
        reads_all(f"socket://127.0.0.1:{number}")


def test_an_id_that_pymodbus_does_not_have(pair: PtyPair) -> None:
    """It answers with exception 4, where a device would be silent: either way it does not come."""
    with (
        pymodbus(pair.theirs),
        linked(pair.ours, devices={"cellar": {"id": 3, "profile": "cwt"}}) as (link, _),
    ):
        until(lambda: link.status().state is LinkState.FAILED)
        assert "exception 4 (device failure)" in str(link.status().reason)


def test_floats_of_pymodbus(pair: PtyPair) -> None:
    """High word first."""
    registers = {"energy": {"address": 10, "type": "f32"}}
    with pymodbus(pair.theirs), linked(pair.ours, "energy", registers=registers) as (_, (taker,)):
        until(lambda: taker.values)
        assert taker.values[0] == 25.5


def test_libmodbus(pair: PtyPair, tmp_path: Path) -> None:
    """Input and holding registers, floats in both word orders, an illegal address, an absent id."""
    program = tmp_path / "slave"
    if shutil.which("cc") is None or shutil.which("pkg-config") is None:
        pytest.skip("there is no C compiler; on Debian and Raspberry Pi OS: sudo apt install gcc pkg-config")
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libmodbus"], capture_output=True, text=True, check=False
    )
    if flags.returncode:
        pytest.skip("libmodbus is not here; on Debian and Raspberry Pi OS: sudo apt install libmodbus-dev")
    command = ["cc", "-Wall", "-Werror", "-o", str(program), str(PROGRAM), *flags.stdout.split()]
    subprocess.run(command, check=True)
    devices = {
        "roof": {
            "id": 1,
            "profile": "xy-md02",
            "registers": {
                "big": {"address": 4, "type": "f32"},
                "little": {"address": 6, "type": "f32", "word_order": "little"},
                "beyond": {"address": 18},
            },
        },
        "nobody": {"id": 9, "profile": "cwt"},
    }
    names = "temperature", "humidity", "big", "little", "beyond"
    with (
        running([str(program), pair.theirs], subprocess.DEVNULL, says=True),  # type: ignore[arg-type]
        linked(pair.ours, *(f"roof/{name}" for name in names), devices=devices) as (link, takers),
    ):
        until(lambda: all(taker.measurements for taker in takers))
        assert [taker.values[-1] for taker in takers] == [30.5, 54.6, 25.5, -3.25, None]
        assert "exception 2 (illegal data address)" in str(takers[-1].measurements[-1].fault)
        assert set(link.status().devices) == {"roof"}
        with pytest.raises(sig.NotConnected):
            link.request("read", "nobody/temperature")
