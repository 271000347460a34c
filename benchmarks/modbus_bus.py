"""A Modbus bus: how busy it is kept, what a dead slave costs the others, and our frames beside pymodbus'.

    python -m benchmarks.modbus_bus [--rounds N]

The bus is the tests' (`tests/support/modbus_slaves.py`), on a pty. At 9600 baud it paces its bytes, 11 bits
each and 3.5 characters of silence between frames, and counts how long it was busy. Each contender is a
process of its own:

- `gateway`: a link of ours that is to read three slaves far more often than the bus can.
- `bare`: a loop that writes a question, reads until its answer is complete, and writes the next.
- `ours`, `pymodbus`: one slave, read as fast as can be, without pacing: start, memory, latency.
"""

import argparse
import os
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import report
from tests.support.modbus_slaves import FakeBus, FakeSlave, framed

BAUD = 9600
PACED_S = 20.0
DEAD_S = 60.0
READS = 2000
# All of them want more than twice of what the bus can do: what one loses the others can have.
IDS = (1, 2, 3)
DEAD = 2
LEAST_BUSY = 0.85
MOST_LOST = 0.05


def main() -> None:
    """Measure, print, and write results/modbus_bus.md."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", choices=("gateway", "bare", "ours", "pymodbus"))
    parser.add_argument("--port")
    parser.add_argument("--seconds", type=float, default=PACED_S)
    given = parser.parse_args()
    if given.contender:
        _CONTENDERS[given.contender](given.port, given.seconds)
        return
    busy = [(_load("bare", PACED_S), _load("gateway", PACED_S)) for _ in range(given.rounds)]
    dead = [(_answers(dead=False), _answers(dead=True)) for _ in range(given.rounds)]
    clients = [{name: _client(name) for name in ("ours", "pymodbus")} for _ in range(given.rounds)]
    report.write(
        "modbus_bus",
        "A Modbus bus",
        f"`python -m benchmarks.modbus_bus --rounds {given.rounds}`; {report.about(['pymodbus'])}",
        "\n\n".join((_busy_text(busy), _dead_text(dead), _client_text(clients))),
    )


def _busy_text(rounds: list[tuple[float, float]]) -> str:
    ratio = statistics.median(ours / bare for bare, ours in rounds)
    rows = [
        [str(number), f"{bare:.3f}", f"{ours:.3f}", f"{ours / bare:.3f}"]
        for number, (bare, ours) in enumerate(rounds, 1)
    ]
    return (
        f"**How busy the bus is kept at {BAUD} baud**: the part of {PACED_S:g} s that bytes are on it; the "
        "rest is the norm's silence, and what the programs take. Median of the ratios: "
        f"{ratio:.3f}; at least {LEAST_BUSY} is wanted.\n\n"
        + report.table(["round", "bare loop", "gateway", "ratio"], rows)
    )


def _dead_text(rounds: list[tuple[float, float]]) -> str:
    lost = statistics.median(1 - with_dead / alive for alive, with_dead in rounds)
    rows = [
        [str(number), f"{alive:.2f}", f"{dead:.2f}", f"{100 * (1 - dead / alive):.1f} %"]
        for number, (alive, dead) in enumerate(rounds, 1)
    ]
    return (
        "**What one dead slave of three costs the other two**: their answers a second in the second half of "
        f"{DEAD_S:g} s, with it and alone. Median: {100 * lost:.1f} %; at most {100 * MOST_LOST:g} % is "
        "wanted.\n\n" + report.table(["round", "alone", "with a dead one", "lost"], rows)
    )


def _client_text(rounds: list[dict[str, Mapping[str, float]]]) -> str:
    names = {
        "start_ms": "from the interpreter to the first question, ms",
        "rss_kb": "memory above the interpreter, KB",
        "p50_us": "a read, p50, µs",
        "p99_us": "a read, p99, µs",
        "cpu_us": "a read, CPU, µs",
    }
    columns = "ours", "pymodbus"
    rows = [
        [text, *(f"{statistics.median(each[who][key] for each in rounds):,.0f}" for who in columns)]
        for key, text in names.items()
    ]
    return (
        f"**Our frames and pymodbus' client**: {READS} reads of two registers, of a slave that answers at "
        "once on a pty; median of the rounds. Ours is a whole link with its thread and the norm's silence "
        "before each question, asked from another thread; pymodbus is called by the thread that reads.\n\n"
        + report.table(["", *columns], rows)
    )


@contextmanager
def _bus(ids: tuple[int, ...], baud: int) -> Iterator[FakeBus]:
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeBus(
            Path(folder) / "bus", {number: FakeSlave({1: 305, 2: 546}) for number in ids}, baud=baud
        ) as bus,
    ):
        yield bus


def _run(contender: str, port: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.modbus_bus", "--contender", contender, f"--port={port}"]
    return subprocess.Popen([*command, f"--seconds={seconds}"], stdout=subprocess.PIPE, text=True)


def _load(contender: str, seconds: float) -> float:
    """Which part of the time the bus was busy, from a second after the first question on."""
    with _bus(IDS, BAUD) as bus, _run(contender, bus.link, seconds) as program:
        while not bus.asked:
            time.sleep(0.01)
        time.sleep(1.0)
        before, started = bus.busy_s, time.monotonic()
        time.sleep(seconds - 3.0)
        busy = (bus.busy_s - before) / (time.monotonic() - started)
        program.communicate()
    return busy


def _answers(*, dead: bool) -> float:
    """Answers a second of the slaves that live, with a dead one that is asked too, or without it."""
    alive = tuple(number for number in IDS if number != DEAD)
    with _bus(alive, BAUD) as bus, _run("gateway", bus.link, DEAD_S if dead else -DEAD_S) as program:
        program.communicate()
        later = bus.asked[0].at + DEAD_S / 2
        asked = [each for each in bus.asked if each.at >= later and each.slave != DEAD]
        return len(asked) / (asked[-1].at - asked[0].at)


def _client(name: str) -> Mapping[str, float]:
    with _bus((1,), 0) as bus:
        started = time.monotonic()
        with _run(name, bus.link, 0.0) as program:
            said, _ = program.communicate()
        found = {key: float(value) for key, _, value in (word.partition("=") for word in said.split())}
        found["start_ms"] = 1000 * (bus.asked[0].at - started)
    return found


# The contenders, each in a process of its own


def _gateway(port: str, seconds: float) -> None:
    """The slaves, as often as can be. Negative: without the dead one."""
    from drivers.kinds import new_source
    from drivers.link import Link

    ids = IDS if seconds > 0 else tuple(set(IDS) - {DEAD})
    devices = {f"d{number}": {"id": number, "profile": "xy-md02"} for number in ids}
    source = new_source("modbus", {"port": port, "devices": devices, "every": 0.05, "timeout": 0.3})
    with Link("bus", source=source):
        time.sleep(abs(seconds))


def _bare(port: str, seconds: float) -> None:
    """Back to back."""
    from drivers.stream.opening import open_port
    from drivers.stream.port_settings import PortSettings

    opened = open_port(port, PortSettings(BAUD))
    number, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        os.write(opened.fileno(), framed(bytes((IDS[number % len(IDS)], 4, 0, 1, 0, 2))))
        number += 1
        heard = b""
        while len(heard) < 9 and select.select([opened.fileno()], [], [], 1.0)[0]:
            heard += os.read(opened.fileno(), 256)
    opened.close()


def _ours(port: str, _seconds: float) -> None:
    before = _rss_kb()
    from drivers.kinds import new_source
    from drivers.link import Link, LinkState

    source = new_source(
        "modbus", {"port": port, "devices": {"d": {"id": 1, "profile": "xy-md02"}}, "every": "1h"}
    )
    with Link("bus", source=source) as link:
        while link.status().state is not LinkState.UP:
            time.sleep(0.001)
        _timed(lambda: link.request("read", "d/temperature"), before)


def _pymodbus(port: str, _seconds: float) -> None:
    before = _rss_kb()
    from pymodbus.client import ModbusSerialClient

    client = ModbusSerialClient(port, baudrate=BAUD, timeout=0.5, retries=1)
    client.connect()
    _timed(lambda: client.read_input_registers(1, count=2, device_id=1).registers, before)
    client.close()  # type: ignore[no-untyped-call]


def _timed(read: Callable[[], object], before_kb: float) -> None:
    spans, cpu = [], time.process_time()
    for _ in range(READS):
        started = time.perf_counter()
        read()
        spans.append(1e6 * (time.perf_counter() - started))
    cpu_us = 1e6 * (time.process_time() - cpu) / READS
    cuts = statistics.quantiles(spans, n=100)
    print(
        f"p50_us={cuts[49]:.1f} p99_us={cuts[98]:.1f} cpu_us={cpu_us:.1f} rss_kb={_rss_kb() - before_kb:.0f}"
    )


def _rss_kb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


_CONTENDERS = {"gateway": _gateway, "bare": _bare, "ours": _ours, "pymodbus": _pymodbus}

if __name__ == "__main__":
    main()
