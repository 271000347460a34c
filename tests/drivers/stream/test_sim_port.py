"""`sim:`: the simulator as a child process."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import OptionError, PortError, PortNotFoundError
from drivers.stream import sim_port
from drivers.stream.sim_port import SimPort
from tests.support.processes import child_with
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("simulator_path")


def tell(path: str, command: str) -> str:
    """A command over the simulator's control socket."""
    arguments = [sys.executable, "-m", "firmware_sim", "--link", path, "--tell", command]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def kill_the_simulator() -> int:
    """From outside; returns its process id."""
    pid = child_with("firmware_sim")
    os.kill(pid, signal.SIGKILL)
    return pid


def test_it_starts_on_resolve_and_ends_on_close() -> None:
    """In a folder of its own, which goes too; a second resolve keeps the child."""
    port = SimPort.parse("sim:?seed=1&speed=60")
    assert port.presence() is None
    path = port.resolve()
    assert Path(path).is_symlink()
    assert port.presence() is not None
    assert port.resolve() == path
    port.close()
    port.close()
    assert not Path(path).parent.exists()
    assert port.presence() is None


def test_an_unplugged_board_is_not_found_and_comes_back(tmp_path: Path) -> None:
    """At the path that was given; the child goes on."""
    port = SimPort.parse(f"sim:{tmp_path / 'board'}")
    try:
        path = port.resolve()
        assert path == str(tmp_path / "board")
        before = port.presence()
        tell(path, "unplug")
        assert port.presence() is None
        with pytest.raises(PortNotFoundError, match="is unplugged"):
            port.resolve()
        tell(path, "replug other")
        assert port.presence() not in (None, before)
        assert port.resolve() == path
    finally:
        port.close()


def _is_there(port: SimPort) -> bool:
    """The board of a child that has just died is unplugged, until the child is seen to be dead."""
    try:
        return Path(port.resolve()).exists()
    except PortNotFoundError:
        return False


def test_a_child_that_died_is_started_again() -> None:
    """Killed from outside, say."""
    port = SimPort.parse("sim:")
    try:
        port.resolve()
        killed = kill_the_simulator()
        until(lambda: port.presence() is None)
        until(lambda: _is_there(port), what="the next child's board")
        assert child_with("firmware_sim") != killed
    finally:
        port.close()


def test_the_link_of_a_child_that_was_killed_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by who has not noticed yet: what it points to may be a person's shell by now."""
    port = SimPort.parse(f"sim:{tmp_path / 'board'}")
    try:
        path = port.resolve()
        kill_the_simulator()
        Path(path).unlink()
        Path(path).symlink_to("/dev/null")
        until(lambda: port.presence() is None)
        with monkeypatch.context() as patched:
            patched.setattr(subprocess.Popen, "poll", lambda _: None)
            with pytest.raises(PortNotFoundError, match=f"the simulated board that made {path} is gone"):
                port.resolve()
    finally:
        port.close()


def test_a_child_that_does_not_start_says_why() -> None:
    """With the last line of its own error."""
    port = SimPort.parse("sim:?faults=flop=1")
    try:
        with pytest.raises(PortError, match=r"^the simulator did not start: fault 'flop=1': expected "):
            port.resolve()
    finally:
        port.close()


@pytest.mark.parametrize(
    "option", ["speed=0", "speed=1e7", "speed=fast", "speed=nan", "speed=", "seed=", "seed=1.5"]
)
def test_wrong_numbers_are_refused_before_it_starts(option: str) -> None:
    """So that `check` finds them."""
    name, _, value = option.partition("=")
    with pytest.raises(OptionError, match=rf"port: expected .*{name}.* such as {name}=.*, got '{value}'"):
        SimPort.parse(f"sim:?{option}")


def test_a_child_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time, and ended."""
    monkeypatch.setattr(sim_port, "START_S", 0.05)
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: popen(["sleep", "60"], **more))
    port = SimPort.parse("sim:")
    with pytest.raises(PortError, match=r"it said nothing within 0\.05 s"):
        port.resolve()
    port.close()


def test_a_child_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither reads the end of its input nor ends by itself."""
    monkeypatch.setattr(sim_port, "STOP_S", 0.05)
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda _, **more: popen(["sh", "-c", "echo up; exec sleep 60"], **more)
    )
    port = SimPort.parse("sim:")
    with pytest.raises(PortNotFoundError):
        port.resolve()
    port.close()


def test_a_missing_python_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an internal one."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    port = SimPort.parse("sim:")
    with pytest.raises(PortError, match="the simulator did not start"):
        port.resolve()
    port.close()


def test_unknown_options_are_refused() -> None:
    """With the known ones."""
    with pytest.raises(
        OptionError, match=r"expected data, speed, seed, faults, baud, replay, kept, supply after 'sim:…\?'"
    ):
        SimPort.parse("sim:?sped=1")


@pytest.mark.parametrize(
    ("option", "protocol", "said"),
    [
        ("shape=0", "text", "expected a shape from 1 to 10, such as shape=2, got '0'"),
        ("shape=11", "text", "got '11'"),
        ("shape=x", "text", "got 'x'"),
        ("baud=49", "modbus", "expected a baud from 50 to 4000000, such as baud=9600, got '49'"),
        ("kept=65536", "sensorline", "expected a kept from 0 to 65535, such as kept=1000, got '65536'"),
        ("kept=1", "text", "expected data, speed, seed, faults, baud, replay, shape, degree after"),
        ("slaves=1:cwt", "text", "expected data, speed, seed, faults, baud, replay, shape, degree after"),
        ("shape=1", "modbus", "expected data, speed, seed, faults, baud, replay, slaves after"),
        ("shape=1", "mysensors", "expected data, speed, seed, faults, baud, replay after"),
        ("", "", "expected a port of a device, got 'sim:?': the simulator speaks sensorline, text,"),
        ("", "plainline", "expected a port of a device"),
        ("sped=1", None, "replay, kept, supply, shape, degree, slaves after 'sim:…?', got 'sped'"),
    ],
)
def test_each_protocol_has_options_of_its_own(option: str, protocol: str | None, said: str) -> None:
    """And a protocol that the simulator does not speak has no simulator."""
    with pytest.raises(OptionError) as error:
        SimPort.parse(f"sim:?{option}", protocol)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("protocol", "query", "arguments"),
    [
        ("text", "?shape=10&degree=latin-1", ["--protocol=text", "--shape=10", "--degree=latin-1"]),
        ("modbus", "?slaves=1:cwt,2:cwt&baud=50", ["--protocol=modbus", "--slaves=1:cwt,2:cwt", "--baud=50"]),
        ("sensorline", "?kept=0&supply=own", ["--identity=SIM1C6E6A8D", "--kept=0", "--supply=own"]),
        ("mysensors", "", ["--protocol=mysensors"]),
        ("text", "?replay=/a/b.txt", ["--replay=/a/b.txt"]),
        ("sensorline", "?replay=/a/b.txt", ["--replay=/a/b.txt"]),
    ],
)
def test_the_protocol_reaches_the_child(
    monkeypatch: pytest.MonkeyPatch, protocol: str | None, query: str, arguments: list[str]
) -> None:
    """With its options; a replay speaks what was recorded."""
    seen: list[str] = []

    def refuse(command: list[str], **_: object) -> None:
        seen.extend(command)
        raise OSError("no")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    port = SimPort.parse(f"sim:/tmp/x/board{query}", protocol)
    with pytest.raises(PortError):
        port.resolve()
    port.close()
    assert seen[6:] == arguments


@pytest.mark.parametrize("protocol", ["text", "modbus", "mysensors"])
def test_each_protocol_starts(protocol: str) -> None:
    """And ends with the port."""
    port = SimPort.parse("sim:?seed=1", protocol)
    try:
        assert Path(port.resolve()).is_symlink()
    finally:
        port.close()


def test_the_options_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty value too, for the child to refuse; the least and the greatest speed are right."""
    seen: list[Any] = []

    def refuse(command: list[str], **_: object) -> None:
        seen.extend(command)
        raise OSError("no")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    port = SimPort.parse("sim:/tmp/x/board?speed=1000000&faults=flip=0.001,drop=0.1&data=")
    with pytest.raises(PortError):
        port.resolve()
    port.close()
    assert seen[3:] == [
        "firmware_sim",
        "--until-eof",
        "--link=/tmp/x/board",
        "--identity=SIM1C6E6A8D",
        "--speed=1000000",
        "--faults=flip=0.001,drop=0.1",
        "--data=",
    ]
