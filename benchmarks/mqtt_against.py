"""The gateway's code of this folder ("new") beside that of a git revision ("old"), from a serial byte to an
MQTT subscriber, in one run.

Three gateways, each with a board and a name of its own, publish to one Mosquitto: new, old, and old again,
which tells the noise. They take turns in blocks, new, old, again, new, …, every other round the other way
round; each round has fresh processes. What counts is the median of the ratios within the blocks of a round,
and then that of the rounds.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.board import plugged_board
from benchmarks.mqtt_contender import CONFIG, ONE, PACED, Contender, gateway
from benchmarks.serial_against import AGAIN, NEW, OLD, Figure, code_of, rows_of
from benchmarks.serial_contender import HERE
from tests.support.mosquitto import Mosquitto

BLOCKS, READINGS = 4, 1500
FLOODS, FLOOD = 2, 4000
STARTS = 3
CPU = Figure("µs CPU a reading, 500/s", "{:.1f}")
P50 = Figure("latency p50 at 500/s, µs")
FLAT = Figure("µs CPU a reading, flat out", "{:.1f}")
START = Figure("start to the first message, ms")
MEMORY = Figure("memory, MB", "{:.1f}")
FLOODED = Figure("memory after a flood, MB", "{:.1f}")
FIGURES = (CPU, P50, FLAT, START, MEMORY, FLOODED)

Samples = dict[tuple[str, Figure], list[float]]


def run(revision: str, rounds: int) -> None:
    """Measure, print, and write results/mqtt_against.md."""
    with code_of(revision) as (old, commit), tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(Path(text))).port
        samples = []
        for number in range(rounds):
            contenders = [(NEW, HERE), (OLD, old), (AGAIN, old)]
            samples.append(_round(contenders[:: -1 if number % 2 else 1], broker))
    report.write(
        "mqtt_against",
        "From a serial byte to an MQTT subscriber, new and old",
        f"`python -m benchmarks.mqtt --against {commit} --rounds {rounds}`; {report.about()}",
        rows_of(FIGURES, samples),
    )


def _round(contenders: Sequence[tuple[str, Path]], broker: int) -> Samples:
    """Each contender, with its name and code, in a fresh process."""
    samples: Samples = {}

    def note(name: str, figure: Figure, value: float) -> None:
        samples.setdefault((name, figure), []).append(value)

    for _ in range(STARTS):
        for name, code in contenders:
            with ExitStack() as stack:
                note(name, START, 1000 * _started(name, code, broker, stack).start_s)
    with ExitStack() as stack:
        started = [(name, _started(name, code, broker, stack)) for name, code in contenders]
        for _, contender in started:
            contender.round(500, PACED)
        for _ in range(BLOCKS):
            for name, contender in started:
                found = contender.round(READINGS, PACED)
                note(name, CPU, found["cpu"])
                note(name, P50, found["p50"])
        for name, contender in started:
            note(name, MEMORY, contender.rss_mb())
        for _ in range(FLOODS):
            for name, contender in started:
                note(name, FLAT, contender.round(FLOOD, None)["cpu"])
        for name, contender in started:
            note(name, FLOODED, contender.rss_mb())
    return samples


def _started(name: str, code: Path, broker: int, stack: ExitStack) -> Contender:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    board = stack.enter_context(plugged_board())
    called = name.replace(" ", "-")
    text = CONFIG.format(data=folder, port=board.port, broker=broker, sensors=ONE)
    command = gateway(folder, text.replace("name: bench", f"name: {called}"))
    return Contender(name, board, command, broker, stack, f"sig/{called}/temp/event/changed", code)
