"""What one trigger costs inside one process: ours, a bare loop, and other event libraries.

    python -m benchmarks.dispatch [--rounds 200]

The contenders take turns in slices of 2 ms, timed by the CPU time of their thread, so that a busy machine
disturbs all alike; what counts are the ratios to the bare loop of the same round. Results go to
benchmarks/results/dispatch.md and .svg.
"""

import argparse
import gc
import statistics
import time
import timeit
import tracemalloc
from collections.abc import Iterator
from typing import Any

import sig
from benchmarks.dispatch_contenders import CONTENDERS, PACKAGES, Contender
from benchmarks.report import about, lines, ratio, table, write

SIZES = (0, 1, 10, 100)
OTHERS = (10, 1_000, 100_000)
TARGETS = {1: 2.3, 10: 1.4, 100: 1.1}
SUBSCRIPTIONS = 2_000
SLICE_S = 0.002

Figures = dict[str, list[float]]


class Timed:
    """A statement and how often it fits into a slice."""

    def __init__(self, statement: str, names: dict[str, Any]) -> None:
        self._timer = timeit.Timer(statement, globals=names, timer=time.thread_time)
        self._number = 1
        while (took := self._timer.timeit(self._number)) < SLICE_S / 4:
            self._number *= 2
        self._number = max(1, int(self._number * SLICE_S / took))

    def round(self) -> float:
        """Nanoseconds a run."""
        return self._timer.timeit(self._number) / self._number * 1e9


def take_turns(timed: dict[str, Timed], rounds: int) -> Figures:
    """Nanoseconds of each in each round, the first of a round being another one each time."""
    figures: Figures = {name: [] for name in timed}
    names = list(timed)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            figures[name].append(timed[name].round())
    return figures


def contenders() -> Iterator[tuple[str, Contender]]:
    """Those that are installed, made anew."""
    for name, make in CONTENDERS.items():
        contender = make()
        if contender is not None:
            yield name, contender


def to_listeners(count: int, rounds: int) -> Figures:
    """What a trigger to that many listeners costs."""
    timed = {}
    kept = []
    for name, contender in contenders():
        for _ in range(count):
            listener = contender.make_listener()
            kept.append(listener)
            contender.subscribe(listener)
        timed[name] = Timed(contender.statement, contender.names)
    return take_turns(timed, rounds)


def memory(contender: Contender) -> float:
    """Bytes for each of many subscriptions to one event, once it was triggered; without the listeners."""
    listeners = [contender.make_listener() for _ in range(SUBSCRIPTIONS)]
    gc.collect()
    tracemalloc.start()
    for listener in listeners:
        contender.subscribe(listener)
    exec(contender.statement, contender.names)  # noqa: S102 - ours
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / SUBSCRIPTIONS


def among_others(rounds: int) -> dict[str, Figures]:
    """What a trigger to one listener costs among so many other senders, each with a subscription."""
    kept: dict[str, Timed] = {}
    expression: dict[str, Timed] = {}
    for count in OTHERS:
        router = sig.Router()
        for number in range(count):
            router.addSender(f"other{number}", "#changed")
            router.addListener(lambda _info, _data: None, f"other{number}", "#changed")
        temp = router.addSender("temp", "hot")
        router.addListener(lambda _info, _data: None, "temp", "hot")
        names = {"temp": temp, "signal": temp.getSignal("hot"), "data": 23.5}
        kept[f"{count:,}"] = Timed("signal.trigger(data)", names)
        expression[f"{count:,}"] = Timed("temp.getSignal('hot').trigger(data)", names)
    return {
        "signal.trigger(data)": take_turns(kept, rounds),
        "getSignal(...).trigger(data)": take_turns(expression, rounds),
    }


def dispatch_tables(rounds: int) -> tuple[str, dict[str, list[float]]]:
    """Ratios and nanoseconds for each number of listeners; and the medians."""
    measured = {count: to_listeners(count, rounds) for count in SIZES}
    names = list(measured[1])
    medians = {name: [statistics.median(measured[n][name]) for n in SIZES] for name in names}
    head = ["", *(f"{n} listeners" if n != 1 else "1 listener" for n in SIZES)]
    ratios = [
        [name, *(f"{ratio(measured[n][name], measured[n]['bare loop']):.2f}" for n in SIZES)]
        for name in names
    ]
    wanted = ["target for sig", *(f"{TARGETS[n]:.1f}" if n in TARGETS else "" for n in SIZES)]
    costs = [[name, *(f"{each:,.0f}" for each in medians[name])] for name in names]
    return (
        f"Times the bare loop:\n\n{table(head, [*ratios, wanted])}\n\n"
        f"Nanoseconds a trigger:\n\n{table(head, costs)}"
    ), medians


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    dispatched, medians = dispatch_tables(rounds)
    sizes = [
        [name, f"{memory(contender):,.0f}"] for name, contender in contenders() if "expression" not in name
    ]
    others = []
    for statement, figures in among_others(rounds).items():
        base = figures[f"{OTHERS[0]:,}"]
        cells = (f"{statistics.median(each):,.0f} ({ratio(each, base):.2f})" for each in figures.values())
        others.append([f"`{statement}`", *cells])
    write(
        "dispatch",
        "A trigger inside one process",
        f"`python -m benchmarks.dispatch --rounds {rounds}`, medians of CPU time; {about(PACKAGES)}",
        f"{dispatched}\n\nBytes a subscription, of {SUBSCRIPTIONS:,} to one event:\n\n"
        f"{table(['', 'bytes'], sizes)}\n\n"
        "Nanoseconds a trigger to one listener, among so many other senders with a subscription each (times "
        f"the first):\n\n{table(['', *(f'{n:,}' for n in OTHERS)], others)}",
    )
    shown = {name: values[1:] for name, values in medians.items()}
    lines("dispatch", "A trigger inside one process", SIZES[1:], shown, ("listeners", "ns a trigger"))


if __name__ == "__main__":
    main()
