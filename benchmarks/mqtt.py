"""From a serial byte to an MQTT subscriber: the gateway beside a minimal loop, on a real Mosquitto.

    python -m benchmarks.mqtt [--rounds 3] [--against COMMIT]

Both read from a pty of their own and publish to one broker, in one run. Measured from outside: CPU (user and
system) of the process for each reading, latency from the byte to a subscriber, memory, and the time from the
start to the first message. Flat out is a burst that the gateway need not put on disk: what is more than its
queues hold becomes backlog, which has a rate of its own. Results go to benchmarks/results/mqtt.md.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import mqtt_against
from benchmarks.board import Board, plugged_board
from benchmarks.mqtt_contender import CONFIG, ONE, PACED, Contender, gateway
from tests.support.mosquitto import Mosquitto

RESULTS = Path(__file__).parent / "results" / "mqtt.md"
PACED_COUNT, FLAT_COUNT, IDLE_S = 4000, 5000, 15.0
THREE = ONE + (
    ", hum: {driver: humidity, link: board, heartbeat: 1s}, lux: {driver: light, link: board, heartbeat: 1s}"
)


def command(name: str, board: Board, broker: int, folder: Path) -> list[str]:
    """How the contender of that name is started."""
    if name == "minimal":
        return [sys.executable, "-m", "benchmarks.mqtt_minimal", board.port, str(broker)]
    return gateway(folder, CONFIG.format(data=folder, port=board.port, broker=broker, sensors=ONE))


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
    parser.add_argument("--against", metavar="COMMIT", help="beside the code of that git revision")
    given = parser.parse_args()
    rounds = given.rounds
    if missing := Mosquitto.missing():
        print(missing)
        return
    if given.against:
        mqtt_against.run(given.against, rounds)
        return
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
