"""CPU per reading, from a pty to a listener, beside two bare loops that only split lines and convert the
number.

    python -m benchmarks.serial_to_listener [--rounds 5]

The contenders take turns (readline, os_read, gateway, readline, …), each in a process of its own on a port of
its own; what counts are the ratios within one run. Results go to benchmarks/results/serial_to_listener.md.
"""

import argparse
import platform
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.board import Board, plugged_board
from benchmarks.serial_readers import READERS

RESULTS = Path(__file__).parent / "results" / "serial_to_listener.md"
PACED = 500.0


class Contender:
    """A reader's process and the board that feeds it."""

    def __init__(self, name: str, stack: ExitStack) -> None:
        self.name = name
        self._board: Board = stack.enter_context(plugged_board())
        command = [sys.executable, "-m", "benchmarks.serial_readers", name, self._board.port]
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        stack.callback(self._process.stdin.close)
        self._board.answer_until(self._process.stdout.fileno())
        assert self._process.stdout.readline() == "ready\n"

    def round(self, count: int, per_second: float | None) -> tuple[float, float]:
        """Microseconds of CPU per reading, and readings per second, over `count` readings."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        assert self._process.stdout.readline() == "go\n"
        self._board.send(count, per_second)
        cpu, wall = map(float, self._process.stdout.readline().split())
        return cpu / count * 1e6, count / wall


def measure(rounds: int) -> str:
    """The table."""
    with ExitStack() as stack:
        contenders = [Contender(name, stack) for name in READERS]
        paced: dict[str, list[float]] = {name: [] for name in READERS}
        flat_out: dict[str, list[tuple[float, float]]] = {name: [] for name in READERS}
        for _ in range(rounds):
            for contender in contenders:
                paced[contender.name].append(contender.round(1500, PACED)[0])
                # readline would take a minute over as many lines as tell something of the others
                flat_out[contender.name].append(
                    contender.round(3_000 if contender.name == "readline" else 40_000, None)
                )
    rows = [
        "| | µs CPU a reading, 500/s | times os_read | µs CPU a reading, flat out | readings/s, flat out |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name in READERS:
        ratio = statistics.median(
            ours / bare for ours, bare in zip(paced[name], paced["os_read"], strict=True)
        )
        cpu = statistics.median(cost for cost, _ in flat_out[name])
        rate = statistics.median(rate for _, rate in flat_out[name])
        rows.append(
            f"| {name} | {statistics.median(paced[name]):.0f} | {ratio:.2f} | {cpu:.1f} | {rate:,.0f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    table = measure(rounds)
    text = (
        "# From a serial byte to a listener\n\n"
        f"`python -m benchmarks.serial_to_listener --rounds {rounds}`, medians; Python "
        f"{platform.python_version()}, {platform.machine()}.\n\n{table}\n"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
