"""The examples, with parts that are made up: what each makes of what its part says; and the clock."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.micropython_board import FIRMWARE, NEEDED, run

pytestmark = NEEDED
FAKES = Path(__file__).parent / "fakes"
ONE_STEP = """
import sys, json
sys.path.insert(0, sys.argv[1])
import parts
parts.state.update(json.loads(sys.argv[3]))
import sensorline
boards = []
sensorline.Board = lambda *args, **more: boards.append((args, more)) or parts
exec(open(sys.argv[2]).read())
((model, (sensor,), port), more), = boards
said = []
for _ in range(2):
    try:
        sensor.begin()
        said.append(sensor.measure())
    except OSError as err:
        said.append("OSError")
print(json.dumps([model, [channel.name for channel in sensor.channels], said, list(parts.log)]))
"""


def measured(name: str, **state: object) -> tuple[list[str], list[Any], list[str]]:
    """The channels of an example, two measurements of it, and what its part was told."""
    said = run(ONE_STEP, str(FAKES), str(FIRMWARE / "examples" / f"{name}.py"), json.dumps(state))
    model, channels, values, log = json.loads(said)
    assert model == name
    return channels, values, log


def test_a_dht22() -> None:
    """One measurement for both channels; of what it raises, a wrong checksum is told from silence."""
    channels, values, log = measured("dht22", temperature=21.5, humidity=40.1)
    assert channels == ["temp", "hum"]
    assert values == [[21.5, 40.1]] * 2
    assert log == ["dht22 15", "measure", "measure"]
    assert measured("dht22", raises="checksum")[1] == [["checksum", "checksum"]] * 2
    assert measured("dht22", raises="OSError")[1] == ["OSError"] * 2


def test_an_sht31() -> None:
    """Sensirion's example: BEEF has the checksum 92; 0x6666 is 25 degrees, 0x8000 half of all humidity."""
    channels, values, log = measured("sht31", frame="666693800080a2"[:6] + "8000a2")
    assert channels == ["temp", "hum"]
    assert [round(value, 2) for value in values[0]] == [25.0, 50.0]
    assert log[:2] == ["0x44 2400", "0x44 read 6"]
    assert measured("sht31", frame="6666948000a2")[1] == [["checksum", "checksum"]] * 2
    assert measured("sht31", frame="6666938000a3")[1] == [["checksum", "checksum"]] * 2
    assert measured("sht31", frame="")[1] == ["OSError"] * 2


@pytest.mark.parametrize(("counts", "lux"), [(0, 0), (65535, "range"), (32768, 330), (9930, 100)])
def test_a_light_sensor(counts: int, lux: object) -> None:
    """In lux; full scale is none."""
    channels, values, log = measured("light", counts=counts)
    assert channels == ["lux"]
    assert values[0] == ([lux] if isinstance(lux, str) else [pytest.approx(lux, abs=0.5)])
    assert log == ["adc 26"]


def test_a_ds18b20() -> None:
    """At 11 bits; what it says after a loss of power is no temperature, and it is set up anew."""
    channels, values, log = measured("ds18b20", temperature=21.375)
    assert channels == ["temp"]
    assert values == [[21.375]] * 2
    assert log == ["wire 22", "scan", "28aa scratch 00005f", "convert", "28aa read", "convert", "28aa read"]
    assert measured("ds18b20", temperature=85.0)[1:] == (
        [["absent"]] * 2,
        ["wire 22", *["scan", "28aa scratch 00005f", "convert", "28aa read"] * 2],
    )
    assert measured("ds18b20", temperature=1, raises="checksum")[1] == [["checksum"]] * 2
    assert measured("ds18b20", temperature=1, raises="OSError")[1] == ["OSError"] * 2
    assert measured("ds18b20", probes=0)[1] == [["absent"]] * 2


def test_the_clock_never_wraps() -> None:
    """Though the port's ticks do, again and again, after 2^30 ms on most."""
    said = run(
        "import time\n"
        "class Time:\n"
        "    now = 2**30 - 5\n"
        "    ticks_ms = lambda: Time.now % 2**30\n"
        "    ticks_diff = lambda a, b: (a - b + 2**29) % 2**30 - 2**29\n"
        "import sensorline.clock as clock\n"
        "clock.time = Time\n"
        "it = clock.Clock()\n"
        "for step in [3, 7] + [2**29 - 1] * 40:\n"
        "    Time.now += step\n"
        "    it.ms()\n"
        "print(it.ms(), 10 + 40 * (2**29 - 1))"
    ).split()
    assert said[0] == said[1]


def test_memory_that_a_port_has() -> None:
    """An ESP32's; on other ports there is none."""
    said = run(
        "import sys\n"
        f"sys.path.insert(0, {str(FAKES)!r})\n"
        "import parts\n"
        "import sensorline.rtc as rtc\n"
        "print(rtc.outliving())\n"
        "class Sys: platform = 'esp32'\n"
        "rtc.sys = Sys\n"
        "memory = rtc.outliving()\n"
        "print(memory.size, memory.read())\n"
        "memory.write(bytearray(b'abc'))\n"
        "print(rtc.outliving().read())\n"
        "Sys.platform = 'esp8266'\n"
        "print(rtc.outliving().size)"
    ).splitlines()
    assert said == ["None", "2048 b''", "b'abc'", "492"]


def test_a_chip_s_number() -> None:
    """Is the identity, where there is one."""
    said = run(
        "import sys\n"
        f"sys.path.insert(0, {str(FAKES)!r})\n"
        "import parts\n"
        "from sensorline.identity import identity\n"
        "print(identity())"
    )
    assert said == "E660583883724B2F\n"


def test_ctrl_c_ends_the_program_in_the_first_two_seconds() -> None:
    """So that one can get at the board; then a damaged byte may be one, and is a byte like others."""
    said = run(
        "import sensorline.ports as ports\n"
        "ports._interrupt_by = print\n"
        "from sensorline import Board, StdPort\n"
        "class Clock:\n"
        "    now = 1900\n"
        "    def ms(self):\n"
        "        self.now += 20\n"
        "        return self.now\n"
        "class Port(StdPort):\n"
        "    def wait(self, ms): return False\n"
        "    def read(self):\n"
        "        print(clock.now)\n"
        "        if clock.now > 2200: raise EOFError\n"
        "        return b''\n"
        "    def write(self, data): pass\n"
        "clock = Clock()\n"
        "Board('x', [], Port(), who='x', clock=clock).run()"
    ).split()
    times = [int(each) for each in said]
    assert times.count(-1) == 1
    before = times[times.index(-1) - 1]
    assert 1960 <= before < 2000 + 40
    assert times[-1] == 3


def test_a_uart() -> None:
    """What it has, and what it takes."""
    said = run(
        "from sensorline import UartPort\n"
        "import sys, io\n"
        "class Uart(io.IOBase):\n"
        "    waits = [b'ab', None]\n"
        "    def read(self): return self.waits.pop(0)\n"
        "    def write(self, data): print(data)\n"
        "    def ioctl(self, request, flags):\n"
        "        return -1 if request != 3 else flags & 1 if self.waits[0] else 0\n"
        "port = UartPort(Uart())\n"
        "port.open()\n"
        "print(port.wait(1000), port.read(), port.wait(0), port.read())\n"
        "port.write(b'xy')\n"
        "port.close()"
    ).splitlines()
    assert said == ["True b'ab' False b''", "b'xy'"]
