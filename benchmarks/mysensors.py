"""From a MySensors line to an MQTT subscriber: the gateway beside a minimal loop and pymysensors.

    python -m benchmarks.mysensors [--rounds 5]

Four processes, each on a pty of its own with the same radio gateway behind it (a node with a thermometer),
publish to one Mosquitto. All are there during a round; blocks of messages go to one after the other, every
other time the other way round. Measured from outside: CPU (user and system) of the process for each message,
at 500/s and flat out, latency from the line to a subscriber, memory. What counts are the ratios within a
round. Results go to benchmarks/results/mysensors.md.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import report
from benchmarks.board import Board
from benchmarks.mqtt_contender import CONFIG, Contender, gateway
from tests.support.mosquitto import Mosquitto

OURS, MINIMAL, THREADED, ASYNCIO = "gateway", "minimal", "threaded", "asyncio"
NAMES = (MINIMAL, OURS, THREADED, ASYNCIO)
TITLES = ("minimal loop", "gateway", "pymysensors, threads", "pymysensors, asyncio")
WARM_UP, PACED, PACED_COUNT, FLAT_COUNT, BLOCKS = 500, 500.0, 500, 1000, 6
SENSOR = "temp: {driver: temperature, link: board, channel: 12/0}"
MAX_CPU_TO_MINIMAL, MAX_P50_TO_MINIMAL = 1.6, 1.5


class RadioBoard(Board):
    """A MySensors gateway with one node, in place of a board of ours."""

    def _next(self) -> bytes:
        self.sent += 1
        return b"12;0;1;0;0;%.1f\n" % (20 + self.sent % 100 / 10)

    def _hear(self, data: bytes) -> None:
        for line in data.split(b"\n"):
            if line == b"0;255;3;0;2;":
                self._write(b"0;255;3;0;2;2.3.2\n")
            elif line == b"12;255;3;0;19;":  # who does not know the node asks it to present itself
                self._write(b"12;255;0;0;17;2.3.2\n12;0;0;0;6;Air\n")


@contextmanager
def plugged() -> Iterator[RadioBoard]:
    """One for the length of a with block."""
    board = RadioBoard()
    try:
        yield board
    finally:
        board.close()


def topic(name: str) -> str:
    """Where it publishes values."""
    return "sig/bench/temp/event/changed" if name == OURS else f"bench/{name}"


def command(name: str, board: Board, broker: int, folder: Path) -> list[str]:
    """How the contender of that name is started."""
    if name != OURS:
        program = [sys.executable, "-m", "benchmarks.mysensors_contenders"]
        return [*program, name, board.port, str(broker), topic(name)]
    text = CONFIG.format(data=folder, port=board.port, broker=broker, sensors=SENSOR)
    return gateway(folder, text.replace("board: {", "board: {protocol: mysensors, "))


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """By contender and figure: one value of each round."""
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in NAMES}
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(Path(text)))
        for number in range(rounds):
            for name, values in one_round(broker.port).items():
                for key, value in values.items():
                    figures[name].setdefault(key, []).append(value)
                print(f"round {number + 1}, {name}: {figures_of_text(figures[name])}", flush=True)
    return figures


def one_round(broker: int) -> dict[str, dict[str, float]]:
    """By contender and figure, with processes of its own: the median of its blocks."""
    with ExitStack() as stack:
        contenders = [started(name, broker, stack) for name in NAMES]
        found: dict[str, dict[str, list[float]]] = {one.name: {} for one in contenders}

        def note(one: Contender, **values: float) -> None:
            for key, value in values.items():
                found[one.name].setdefault(key, []).append(value)

        for one in contenders:
            one.round(WARM_UP, PACED)
            note(one, rss=one.rss_mb(), start=one.start_s * 1000)
        for block in range(BLOCKS):
            for one in contenders[:: -1 if block % 2 else 1]:
                paced = one.round(PACED_COUNT, PACED)
                note(one, cpu=paced["cpu"], p50=paced["p50"], p99=paced["p99"])
        for block in range(BLOCKS):
            for one in contenders[:: -1 if block % 2 else 1]:
                flat = one.round(FLAT_COUNT, None)
                note(one, flat_cpu=flat["cpu"], rate=flat["rate"])
    return {
        name: {key: statistics.median(values) for key, values in figures.items()}
        for name, figures in found.items()
    }


def started(name: str, broker: int, stack: ExitStack) -> Contender:
    """A contender that has published its first message. Each has a topic of its own."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    board = stack.enter_context(plugged())
    return Contender(name, board, command(name, board, broker, folder), broker, stack, topic(name))


def figures_of_text(figures: dict[str, list[float]]) -> str:
    """The newest of each, for whoever watches."""
    return ", ".join(f"{key} {values[-1]:,.0f}" for key, values in figures.items())


ROWS = {
    "cpu": "CPU a message at 500/s, µs",
    "p50": "latency p50 at 500/s, µs",
    "p99": "latency p99 at 500/s, µs",
    "flat_cpu": "CPU a message flat out, µs",
    "rate": "messages a second, flat out",
    "rss": "memory, MB",
    "start": "start to the first message, ms",
}


def summary(figures: dict[str, dict[str, list[float]]]) -> str:
    """Medians of the rounds, and the medians of the rounds' ratios."""
    rows = [
        [label, *(f"{statistics.median(figures[name][key]):,.0f}" for name in NAMES)]
        for key, label in ROWS.items()
    ]
    lines = [report.table(["", *TITLES], rows), ""]
    targets = [
        ("cpu", MINIMAL, MAX_CPU_TO_MINIMAL),
        ("cpu", THREADED, 1.0),
        ("cpu", ASYNCIO, 1.0),
        ("p50", MINIMAL, MAX_P50_TO_MINIMAL),
    ]
    for key, other, most in targets:
        ratio = report.ratio(figures[OURS][key], figures[other][key])
        lines.append(
            f"- {ROWS[key].rpartition(',')[0]}, gateway to {TITLES[NAMES.index(other)]}: {ratio:.2f} "
            f"(at most {most:g}: {'yes' if ratio <= most else 'NO'})"
        )
    return "\n".join(lines)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if missing := Mosquitto.missing():
        print(missing)
        return
    if report.load("mysensors.mysensors") is None:
        raise SystemExit(1)
    how = f"`python -m benchmarks.mysensors --rounds {rounds}`, medians; "
    body = summary(measure(rounds))
    title = "From a MySensors line to an MQTT subscriber"
    report.write("mysensors", title, how + report.about(["pymysensors", "paho-mqtt"]), body)


if __name__ == "__main__":
    main()
