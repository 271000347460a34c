"""From a serial byte to an MQTT subscriber: the gateway beside a minimal loop, on a real Mosquitto.

    python -m benchmarks.mqtt [--rounds 3]

Both read from a pty of their own and publish to one broker, in one run. Measured from outside: CPU (user and
system) of the process for each reading, latency from the byte to a subscriber, memory, and the time from the
start to the first message. Flat out is a burst that the gateway need not put on disk: what is more than its
queues hold becomes backlog, which has a rate of its own. Results go to benchmarks/results/mqtt.md.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.board import Board, plugged_board
from tests.support.mosquitto import Mosquitto, Subscriber

RESULTS = Path(__file__).parent / "results" / "mqtt.md"
TICKS = os.sysconf("SC_CLK_TCK")
PACED, PACED_COUNT, FLAT_COUNT, IDLE_S = 500.0, 4000, 5000, 15.0
CONFIG = """
gateway: {{name: bench, data: {data}}}
router: {{listen: "unix:{data}/s"}}
links: {{board: {{port: "{port}"}}}}
sensors: {{{sensors}}}
mqtt: {{url: "mqtt://127.0.0.1:{broker}"}}
"""
ONE = "temp: {driver: temperature, link: board}"
THREE = ONE + (
    ", hum: {driver: humidity, link: board, heartbeat: 1s}, lux: {driver: light, link: board, heartbeat: 1s}"
)


class Contender:
    """A process under test, its board, and a subscriber that notes when each message came.

    `command` takes readings from the board's port and publishes each to `topic`.
    """

    def __init__(
        self,
        name: str,
        board: Board,
        command: Sequence[str],
        broker: int,
        stack: ExitStack,
        topic: str = "sig/bench/temp/event/changed",
    ) -> None:
        self.name = name
        self.board = board
        self.came: list[float] = []
        self._subscriber = stack.enter_context(Subscriber(broker))
        self._subscriber.client.on_message = lambda *_: self.came.append(time.monotonic())
        self._subscriber.client.subscribe(topic, 1)
        started = time.monotonic()
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(self._process.wait)
        stack.callback(self._process.kill)
        ended, end = os.pipe()
        answering = threading.Thread(target=self._answer, args=(ended,))
        for undo in (lambda: os.close(ended), lambda: os.close(end), answering.join):
            stack.callback(undo)
        stack.callback(os.write, end, b"x")
        answering.start()
        self._wait_for_first()
        self.start_s = self.came[0] - started

    def _wait_for_first(self) -> None:
        deadline = time.monotonic() + 20
        while not self.came and time.monotonic() < deadline:
            self.board.send(1, None)
            time.sleep(0.01)
        quiet = -1
        while quiet != len(self.came):  # what was sent while it started
            quiet = len(self.came)
            time.sleep(0.7)

    def _answer(self, ended: int) -> None:
        """The board's thread: hellos and reads, until `ended` can be read."""
        while True:
            with suppress(TimeoutError):
                return self.board.answer_until(ended)

    def cpu_s(self) -> float:
        """CPU that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_mb(self) -> float:
        """Its memory."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise AssertionError

    def round(self, count: int, per_second: float | None) -> dict[str, float]:
        """Microseconds of CPU a reading, p50 and p99 of the latency, messages a second."""
        self.came.clear()
        sent: list[float] = []
        before, started = self.cpu_s(), time.monotonic()
        if per_second is None:
            self.board.send(count, None)
        else:
            for number in range(count):
                time.sleep(max(0.0, started + number / per_second - time.monotonic()))
                sent.append(time.monotonic())
                self.board.send(1, None)
        deadline = time.monotonic() + 30
        while len(self.came) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.came) == count, f"{self.name}: {len(self.came)} of {count} came"
        found = {
            "cpu": (self.cpu_s() - before) / count * 1e6,
            "rate": count / (self.came[-1] - started),
        }
        if sent:
            delays = sorted((came - went) * 1e6 for came, went in zip(self.came, sent, strict=True))
            found |= {"p50": delays[count // 2], "p99": delays[count * 99 // 100]}
        return found


def command(name: str, board: Board, broker: int, folder: Path) -> list[str]:
    """How the contender of that name is started."""
    if name == "minimal":
        return [sys.executable, "-m", "benchmarks.mqtt_minimal", board.port, str(broker)]
    return gateway(folder, CONFIG.format(data=folder, port=board.port, broker=broker, sensors=ONE))


def gateway(folder: Path, text: str) -> list[str]:
    """How the gateway is started, with a config of that text."""
    config = folder / "config.yaml"
    config.write_text(text)
    return [sys.executable, "-m", "gateway", "run", "-c", str(config)]


def idle_cpu(broker: int, folder: Path) -> float:
    """Percent of one CPU, with three sensors at 1 Hz of a simulated board (which is a process of its own)."""
    folder = folder / "idle"  # of its own, without the backlog of others
    folder.mkdir()
    config = folder / "config.yaml"
    text = CONFIG.format(data=folder, port="sim:", broker=broker, sensors=THREE).replace("bench", "idle")
    config.write_text(text.replace("link: board}", "link: board, heartbeat: 1s}", 1))
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "run", "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(4)
        contender = Contender.__new__(Contender)
        contender._process = process
        before = contender.cpu_s()
        time.sleep(IDLE_S)
        return (contender.cpu_s() - before) / IDLE_S * 100
    finally:
        process.terminate()
        process.wait()


def measure(rounds: int) -> str:
    """The table."""
    names = ("minimal", "gateway")
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in names}

    def note(name: str, **values: float) -> None:
        for key, value in values.items():
            figures[name].setdefault(key, []).append(value)

    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        folder = Path(text)
        broker = stack.enter_context(Mosquitto(folder))
        for _ in range(rounds):
            for name in names:
                with ExitStack() as inner:
                    board = inner.enter_context(plugged_board())
                    started = command(name, board, broker.port, folder)
                    contender = Contender(name, board, started, broker.port, inner)
                    note(name, start=contender.start_s * 1000)
                    contender.round(500, PACED)
                    note(name, rss=contender.rss_mb())
                    paced = contender.round(PACED_COUNT, PACED)
                    note(name, paced_cpu=paced["cpu"], p50=paced["p50"], p99=paced["p99"])
                    flat = contender.round(FLAT_COUNT, None)
                    note(name, flat_cpu=flat["cpu"], rate=flat["rate"], flood_rss=contender.rss_mb())
        idle = idle_cpu(broker.port, folder)
    return table(figures) + f"\n\nIdle, three sensors at 1 Hz: {idle:.2f} % of one CPU.\n"


ROWS = {
    "paced_cpu": ("CPU a reading at 500/s, µs", 1.5),
    "flat_cpu": ("CPU a reading flat out, µs", 4.0),
    "rate": ("readings a second, flat out", None),
    "p50": ("latency p50 at 500/s, µs", 2.0),
    "p99": ("latency p99 at 500/s, µs", None),
    "rss": ("memory, MB", None),
    "flood_rss": ("memory after the flood, MB", None),
    "start": ("start to the first message, ms", None),
}


def table(figures: dict[str, dict[str, list[float]]]) -> str:
    """Medians, and the median of the rounds' ratios."""
    rows = ["| | minimal | gateway | ratio | at most |", "| --- | ---: | ---: | ---: | ---: |"]
    for key, (label, target) in ROWS.items():
        minimal, ours = figures["minimal"][key], figures["gateway"][key]
        ratio = statistics.median(mine / bare for mine, bare in zip(ours, minimal, strict=True))
        rows.append(
            f"| {label} | {statistics.median(minimal):,.0f} | {statistics.median(ours):,.0f} "
            f"| {ratio:.2f} | {target or ''} |"
        )
    return "\n".join(rows)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found = measure(rounds)
    text = (
        "# From a serial byte to an MQTT subscriber\n\n"
        f"`python -m benchmarks.mqtt --rounds {rounds}`, medians; Python {platform.python_version()}, "
        f"{platform.machine()}.\n\n{found}"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
