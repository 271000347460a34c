"""Each protocol as a program: on a real pty with `os.read` and `os.write`, or in a real folder."""

import os
import re
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_sim.control import tell
from firmware_sim.modbus.rtu import frame
from tests.firmware_sim.rig import DEADLINE_S, Program, close, run, spawn, wait_readable
from tests.support.waiting import until

Start = Callable[..., Program]
READ_1 = bytes.fromhex("01 04 00 01 00 02 20 0B")
READ_2 = frame(bytes.fromhex("02 03 00 00 00 02"))


class Wire:
    """The other end of a port, as bytes."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.heard = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def until(self, pattern: bytes) -> bytes:
        """Hear until the pattern was said; what it matched. It is forgotten, and what came before it."""
        deadline = time.monotonic() + DEADLINE_S
        while (match := re.search(pattern, self.heard, re.DOTALL)) is None:
            wait_readable(self.descriptor, deadline)
            self.heard += os.read(self.descriptor, 4096)
        self.heard = self.heard[match.end() :]
        return match[0]

    def ask(self, data: bytes) -> None:
        """Write."""
        os.write(self.descriptor, data)

    def quiet(self, seconds: float) -> bool:
        """Does nothing come for that long?"""
        return not self.heard and not select.select([self.descriptor], [], [], seconds)[0]

    def gone(self) -> bool:
        """Hear until the port is pulled."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            wait_readable(self.descriptor, deadline)
            try:
                if not os.read(self.descriptor, 4096):
                    return True
            except OSError:
                return True


def test_a_sketch(program: Start) -> None:
    """Lines at each row; a reset leaves half a line, then the banner comes; it is pulled, and comes back."""
    sketch = program("--protocol", "text", "--seed", "1", "--speed", "600")
    with Wire(sketch.link) as wire:
        wire.until(rb"Humidity: \d\d\.\d\d%  Temperature: \d\d\.\d\d\xc2\xb0C .*?F\r\n")
        sketch.tell("value temp 31.5")
        wire.until(rb"Temperature: 31\.50\xc2\xb0C 88\.70")
        for command in ("reset", "reset in-line", "brownout 1 0"):
            wire.until(rb"\r\n")
            sketch.tell(command)
            assert not wire.until(rb"[^\n]*DHTxx test!\r\n").startswith(b"DHTxx")
        sketch.tell("fault temp absent")
        wire.until(rb"\nFailed to read from DHT sensor!\r\n")
        sketch.tell(f"say {b'hello'.hex()}")
        wire.until(rb"hello")
        sketch.tell("unplug 0.1")
        assert wire.gone()
    sketch.wait_status(lambda status: status["plugged"])
    assert sketch.status()["shape"] == 1


def test_opening_a_sketch_s_port_resets_it(program: Start) -> None:
    """So whoever opens it has the header that names the columns; each time."""
    sketch = program("--protocol", "text", "--shape", "5", "--speed", "600")
    for _ in range(2):
        with Wire(sketch.link) as wire:
            wire.until(rb"^humidity_pct,temperature_C\r\n\d\d\.\d\d,\d\d\.\d\d\r\n")
        sketch.wait_status(lambda status: not status["listening"])
        reports = sketch.status()["counters"]["reports"]
        sketch.tell("speed 600")
        assert sketch.status()["counters"]["reports"] <= reports + 1
    assert sketch.status()["counters"]["boots"] == 2


def test_a_sketch_in_latin_1(program: Start) -> None:
    """With its own baud rate: a line of 77 bytes takes 88 ms. One whose beginning is read late seems to take
    less, so it is looked at another."""
    sketch = program("--protocol", "text", "--degree", "latin-1", "--baud", "9600")
    with Wire(sketch.link) as wire:

        def takes_its_time() -> bool:
            wire.until(rb"\n")
            wire.until(rb"H")
            start = time.monotonic()
            line = wire.until(rb"[^\n]*\xb0F\r\n")
            return time.monotonic() - start > (len(line) - 5) * 11 / 9600

        until(takes_its_time)


def test_a_sketch_that_answers(program: Start) -> None:
    """Shape 8."""
    sketch = program("--protocol", "text", "--shape", "8", "--speed", "0.001")
    with Wire(sketch.link) as wire:
        wire.until(rb"READY\r\n")
        wire.ask(b"TYPEID\n")
        wire.until(rb"TYPEID=LIGHTTEMP\r\n")
        wire.ask(b"CURRENTVALUES\r\n")
        wire.until(rb"BRIGHTNESS=\d+\r\nTEMPERATURE=\d\d\.\d\r\n")
    assert sketch.status()["counters"]["requests"] == 2


def test_a_radio_gateway(program: Start) -> None:
    """Handshake, presentation, a request, a new node, a node that falls silent; nodes outlive a reset."""
    radio = program("--protocol", "mysensors", "--seed", "1", "--speed", "600")
    with Wire(radio.link) as wire:
        wire.ask(b"0;255;3;0;2;\n")
        wire.until(rb"0;255;3;0;2;2\.3\.2\n")
        wire.ask(b"12;255;3;0;19;\n")
        wire.until(rb"12;255;3;0;11;Greenhouse node\n.*12;1;0;0;7;Air humidity\n")
        wire.ask(b"12;0;2;0;0;\n")
        wire.until(rb"\n12;0;1;0;0;\d\d\.\d\n")
        radio.tell("new-node")
        wire.until(rb"\n255;255;3;0;3;\n")
        wire.ask(b"255;255;3;0;4;7\n")
        wire.until(rb"\n7;255;3;0;11;New node\n.*\n7;0;1;0;0;\d\d\.\d\n")
        wire.until(rb"\n31;255;3;0;32;500\n")
        radio.tell("reset in-line")
        cut = wire.until(rb"[^\n]*\n0;255;3;0;14;Gateway startup complete\.\n0;255;0;0;17;2\.3\.2\n")
        assert cut.startswith(b"0;255;3;0;9;")
        radio.tell("node 20 silent")
        wire.heard = b""
        wire.until(rb"(\n12;0;1;0;0;.*){3}")
        assert radio.status()["silent_nodes"] == [20]
    assert radio.status()["nodes"] == [7, 12, 20, 31]


def test_a_bus(program: Start) -> None:
    """Each slave answers for itself, in every way that it can be told."""
    bus = program("--protocol", "modbus", "--speed", "0.001")
    with Wire(bus.link) as wire:
        wire.ask(READ_1)
        good = wire.until(rb"\x01\x04\x04....(..)")
        assert frame(good[:-2]) == good
        bus.tell("slave 1 wrong-crc")
        wire.ask(READ_1)
        assert wire.until(re.escape(good[:-2]) + rb"..") != good
        bus.tell("slave 1 double")
        wire.ask(READ_1)
        wire.until(re.escape(good) * 2)
        bus.tell("slave 1 exception 6")
        wire.ask(READ_1)
        wire.until(re.escape(frame(b"\x01\x84\x06")))
        bus.tell("slave 1 late 0.2")
        start = time.monotonic()
        wire.ask(READ_1)
        wire.until(re.escape(good))
        assert time.monotonic() - start >= 0.2
        bus.tell("slave 1 silent")
        wire.ask(READ_1)
        assert wire.quiet(0.1)
        wire.ask(READ_2)
        wire.until(rb"\x02\x03\x04....(..)")
        bus.tell("slave 3 babble")
        wire.until(rb".{200}")
        bus.tell("slave 3 ok")
        bus.tell("slave 1 ok")
        bus.tell("stall 0.2")
        start = time.monotonic()
        wire.ask(READ_1)
        wire.until(re.escape(good))
        assert time.monotonic() - start >= 0.1
        for refused in (
            "silent temp",
            "loud temp",
            "fault temp absent",
            "faults merge=1",
            "faults silent=temp",
        ):
            said = tell(bus.control, refused)
            assert said.startswith("error ")
            assert "a register always holds" in said or "no line end" in said
        assert "slave ID ok|silent|late" in bus.tell("help")
        assert "silent CHANNEL" not in bus.tell("help")


def test_a_bus_takes_its_time(program: Start) -> None:
    """At 1,200 baud a request of 8 bytes and an answer of 9 take 156 ms, and the pause between them 32."""
    bus = program("--protocol", "modbus", "--baud", "1200", "--slaves", "1:xy-md02")
    with Wire(bus.link) as wire:
        start = time.monotonic()
        wire.ask(READ_1)
        wire.until(rb"\x01\x04\x04.{6}")
        assert time.monotonic() - start >= (17 + 3.5) * 11 / 1200
    assert bus.status()["busy_ms"] == pytest.approx((17 + 7) * 11 / 1.2, abs=2)


def test_faults_on_a_bus(program: Start) -> None:
    """A frame may be damaged, as a line may."""
    bus = program("--protocol", "modbus", "--faults", "drop=1:out,garbage=1", "--seed", "1")
    with Wire(bus.link) as wire:
        wire.ask(READ_1)
        bus.wait_status(lambda status: status["counters"]["answers"] == 1)
        assert wire.quiet(0)
    assert bus.status()["counters"]["lines_damaged"] == 1


def test_a_made_up_sys(program: Start, tmp_path: Path) -> None:
    """The folder is there while the program is; each command does what it says."""
    folder = tmp_path / "sys"
    sys = program("--protocol", "sysfs", "--speed", "600", link="sys")
    value = folder / "bus/iio/devices/iio:device0/in_temp_input"
    assert int(value.read_text()) > 10_000
    sys.tell("value temp 31.5")
    sys.wait_status(lambda _: value.read_text() == "31500\n")
    sys.tell("hang iio/bme280/temp")
    assert value.is_fifo()
    sys.tell("heal all")
    sys.tell("fail iio/bme280/temp gone")
    assert not value.exists()
    sys.tell("nonsense iio/bme280/temp")
    assert value.read_text() == "nonsense\n"
    sys.tell("unplug iio/bme280 0.1")
    sys.wait_status(lambda status: status["chips"]["iio/bme280"] == "there")
    bulk = folder / "bus/w1/devices/w1_bus_master1/therm_bulk_read"
    bulk.write_text("trigger\n")
    sys.wait_status(lambda status: status["therm_bulk_read"] == "-1")
    sys.wait_status(lambda status: status["therm_bulk_read"] == "1")
    assert sys.tell("quit") == "bye"
    assert sys.wait() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_killed_made_up_sys_is_taken_over(program: Start, tmp_path: Path) -> None:
    """Folder and socket stay after kill -9; the next start has them."""
    first = program("--protocol", "sysfs", link="sys")
    first.process.kill()
    assert first.wait() == -signal.SIGKILL
    assert (tmp_path / "sys/bus").is_dir()
    second = program("--protocol", "sysfs", link="sys")
    status, _, error = run("--protocol", "sysfs", "--link", str(tmp_path / "sys"))
    assert status == 2
    assert "a running simulator owns" in error
    assert second.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_a_made_up_sys_in_a_folder_of_its_own() -> None:
    """Which goes with it, on SIGTERM too."""
    process = spawn("--protocol", "sysfs")
    try:
        assert process.stdout is not None
        wait_readable(process.stdout.fileno(), time.monotonic() + DEADLINE_S)
        root = Path(process.stdout.readline().decode().removeprefix("root: ").rstrip())
        assert (root / "class/hwmon/hwmon0/name").read_text() == "cpu_thermal\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
        assert not root.parent.exists()
    finally:
        close(process)


GOLDEN = Path(__file__).parents[1] / "vectors" / "capture.txt"
LONG_AGO = "sig-gateway capture 1 link=a port=/dev/x baud=9600 protocol=text start=-\n"


def test_a_replay(program: Start, tmp_path: Path) -> None:
    """It begins when somebody listens, and comes in time; then the port stays; a reset begins anew."""
    path = tmp_path / "capture.txt"
    path.write_text(LONG_AGO + "+0 < first \n+2 < second\\n\n+2.5 > READ\n")
    again = program("--replay", str(path), "--speed", "10")
    again.wait_status(lambda status: not status["listening"])
    with Wire(again.link) as wire:
        wire.until(rb"^first ")
        start = time.monotonic()
        wire.until(rb"^second\n")
        assert time.monotonic() - start > 0.1
        wire.ask(b"anybody there?\n")
        status = again.wait_status(lambda status: status["counters"]["bytes_ignored"] == 15)
        assert status["ended"]
        assert status["of"]["protocol"] == "text"
        again.tell("speed 100")
        again.tell("reset")
        wire.until(rb"^first second\n")
        assert "a replay says what was recorded" in tell(again.control, "value temp 1")
        assert again.status()["plugged"]


def test_a_replay_of_the_golden_file(program: Start) -> None:
    """All that the device said."""
    again = program("--replay", str(GOLDEN), "--speed", "100000")
    with Wire(again.link) as wire:
        said = wire.until(rb"^DHTxx test!\r\n.*ABC\r\n")
    assert bytes.fromhex("0104040131 02222ace") in said
    assert b"READ" not in said


def test_a_replay_that_comes_to_a_mistake(tmp_path: Path) -> None:
    """It ends with the file, the line and what is wrong."""
    path = tmp_path / "capture.txt"
    path.write_text(LONG_AGO + "+0 < a\n" * 10_005 + "rubbish\n")
    program = Program(tmp_path / "again", "--replay", str(path)).wait_started()
    with Wire(program.link) as wire:
        wire.until(rb"a{100}")
        assert wire.gone()
    assert program.process.wait(DEADLINE_S) == 2
    assert program.process.stderr is not None
    said = program.process.stderr.readline().decode()
    assert said.startswith(f"firmware_sim: error: {path}:10007: expected '+SECONDS < bytes'")
    program.stop()


def test_a_large_replay_is_not_read_whole(program: Start, tmp_path: Path) -> None:
    """It starts as soon as a small one, and stays as small."""
    path = tmp_path / "capture.txt"
    with path.open("w") as file:
        file.write(LONG_AGO)
        file.write(f"+0 < {'x' * 1000}\n" * 25_000)
    again = program("--replay", str(path))
    with Wire(again.link) as wire:
        wire.until(rb"x{10000}")
        again.wait_status(lambda status: status["ended"])
        text = Path(f"/proc/{again.process.pid}/status").read_text()
        assert int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) < 40_000
