"""CPU per reading, from a pty to a listener, beside two bare loops that only split lines and convert the
number; and how long a live read takes.

    python -m benchmarks.serial_to_listener [--rounds 5] [--against REVISION]

The contenders take turns (readline, os_read, gateway, readline, …), each in a process of its own on a port of
its own; what counts are the ratios within one run. Results go to benchmarks/results/serial_to_listener.md.

With --against, the gateway's program runs with the code of this folder and with that of a git revision: see
`serial_against`. Results go to benchmarks/results/serial_against.md.
"""

import argparse
import statistics
from contextlib import ExitStack

from benchmarks import report, serial_against
from benchmarks.serial_contender import Contender, LiveReads, paced
from benchmarks.serial_readers import READERS

READINGS = 1500
LIVE_READS = 2000
THREADS = (1, 4)


def measure(rounds: int) -> str:
    """The tables."""
    with ExitStack() as stack:
        contenders = [stack.enter_context(Contender(name)) for name in READERS]
        costs: dict[str, list[float]] = {name: [] for name in READERS}
        flat_out: dict[str, list[tuple[float, float]]] = {name: [] for name in READERS}
        live: dict[int, list[LiveReads]] = {threads: [] for threads in THREADS}
        for _ in range(rounds):
            for contender in contenders:
                costs[contender.name] += paced([contender], READINGS)
                # readline would take a minute over as many lines as tell something of the others
                flat_out[contender.name].append(
                    contender.flat_out(3_000 if contender.name == "readline" else 40_000)
                )
                if contender.name == "gateway":
                    for threads in THREADS:
                        live[threads].append(contender.live_reads(LIVE_READS, threads))
    readings = report.table(
        [
            "",
            "µs CPU a reading, 500/s",
            "times os_read",
            "µs CPU a reading, flat out",
            "readings/s, flat out",
        ],
        [
            [
                name,
                f"{statistics.median(costs[name]):.0f}",
                f"{report.ratio(costs[name], costs['os_read']):.2f}",
                f"{statistics.median(cost for cost, _ in flat_out[name]):.1f}",
                f"{statistics.median(rate for _, rate in flat_out[name]):,.0f}",
            ]
            for name in READERS
        ],
    )
    reads = report.table(
        ["A live read on a quiet link, from", "p50, µs", "p90, µs", "µs CPU"],
        [
            [
                "one thread" if threads == 1 else f"{threads} threads at once",
                *(f"{statistics.median(figure):.0f}" for figure in zip(*live[threads], strict=True)),
            ]
            for threads in THREADS
        ],
    )
    return f"{readings}\n\n{reads}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, help="default: 5, with --against 25 (three minutes)")
    parser.add_argument("--against", metavar="REVISION", help="compare with the code of this git revision")
    arguments = parser.parse_args()
    if arguments.against is not None:
        serial_against.run(arguments.against, arguments.rounds or 25)
        return
    rounds = arguments.rounds or 5
    report.write(
        "serial_to_listener",
        "From a serial byte to a listener",
        f"`python -m benchmarks.serial_to_listener --rounds {rounds}`, medians; {report.about()}",
        measure(rounds),
    )


if __name__ == "__main__":
    main()
