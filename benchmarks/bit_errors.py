"""A serial line that flips bits: what it carries, beside what the errors leave of it.

    python -m benchmarks.bit_errors [--rounds N] [--seconds S] [--rate R]

The board is an emulated Uno with an SHT31 (`firmware-sim/firmware/emulator`), asked for both channels five
times a second; the other end is a `drivers.Link` in this process. A round is some seconds of a good line, as
many in which each bit is flipped with the chance R, both ways, and then a good line until all has come.

What a line can carry is measured by what a reading costs on it: all bytes that the board sends, answers to
what it is asked included, for each reading that arrives. Unavoidable is what a reading costs on the good line
of the same round, and the repetitions that chance makes: a line of n bytes comes whole with the chance
(1 - R)^8n, and is sent 1 / (that) times (`tests/support/bit_errors.py`).
"""

import argparse
import contextlib
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import sig
from benchmarks import report
from drivers import HumiditySensor, Link, TemperatureSensor
from tests.support.bit_errors import cost
from tests.support.emulated_board import EmulatedBoard, Said
from tests.support.waiting import until

LEAST = 0.85
"""Of the throughput that the errors leave; within 15 % is wanted."""
INTERVAL_MS = 200
"""The memory of 100 readings lasts for 10 s then: on such a line some 20 tries for one that does not come."""

REST_S = 30.0


class Round(NamedTuple):
    """Readings while bits were flipped, those of them that did not come, and that came twice or wrong; bits;
    bytes for a reading on the good line and on the bad one; what the repetitions make of the former, at
    least; bytes of readings to those that are unavoidable; seconds until all had come."""

    readings: int
    missing: int
    wrong: int
    flipped: int
    good: float
    bad: float
    factor: float
    lines: float
    rest_s: float

    @property
    def throughput(self) -> float:
        """Of what the errors leave."""
        return self.good * self.factor / self.bad


class Listener:
    """What has arrived, by number: live or late."""

    def __init__(self, router: sig.Router) -> None:
        self._lock = threading.Lock()
        self.heard: dict[int, list[tuple[str, float]]] = {}
        for event in ("#changed", "#late"):
            router.addListener(self._hear, event=event)

    def _hear(self, info: dict[str, Any], data: Any) -> None:
        with self._lock:
            self.heard.setdefault(data["seq"], []).append((info["sender"], data["value"]))


def main() -> None:
    """Measure, print, and write results/bit_errors.md."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=0.001)
    given = parser.parse_args()
    rounds = [_measured(seed, given.seconds, given.rate) for seed in range(1, given.rounds + 1)]
    command = f"--rounds {given.rounds} --seconds {given.seconds:g} --rate {given.rate:g}"
    report.write(
        "bit_errors",
        "A serial line that flips bits",
        f"`python -m benchmarks.bit_errors {command}`; {report.about()}",
        _text(rounds, given.rate),
    )


def _measured(seed: int, seconds: float, rate: float) -> Round:
    router = sig.Router()
    listener = Listener(router)
    with tempfile.TemporaryDirectory() as name:
        board = EmulatedBoard(Path(name), "SHT31", ("--seed", str(seed)))
        with board, Link("board", str(board.link)) as link:
            for sensor in (
                TemperatureSensor("temp", link, heartbeat=0.001, interval=INTERVAL_MS / 1000),
                HumiditySensor("hum", link, heartbeat=0.001, interval=INTERVAL_MS / 1000),
            ):
                sensor.attach(router)
            until(lambda: len(board.said("R")) > 20, what="readings")
            good = _said_in(board, seconds)
            board.tell(f"noise {rate}")
            bad = _said_in(board, seconds)
            board.tell("noise 0")
            ended = time.monotonic()
            taken = _readings([each for each in board.said() if each.utc <= bad[-1].utc])
            with contextlib.suppress(AssertionError):  # what is lost is counted
                until(lambda: taken.keys() <= listener.heard.keys(), timeout_s=REST_S)
            rest_s = time.monotonic() - ended
            flipped = board.status()["flipped"]
    under_noise = _readings(bad)
    wrong = sum(listener.heard.get(seq, [each]) != [each] for seq, each in under_noise.items())
    clean = cost([each.body for each in good], 0.0)
    noisy = cost([each.body for each in bad], rate)
    return Round(
        len(under_noise),
        len(under_noise.keys() - listener.heard.keys()),
        wrong,
        flipped,
        _bytes(good) / clean.readings,
        _bytes(bad) / noisy.readings,
        noisy.unavoidable / cost([each.body for each in bad if each.body[0] != "B"], 0.0).sent,
        noisy.ratio,
        rest_s,
    )


def _said_in(board: EmulatedBoard, seconds: float) -> list[Said]:
    """All that the board says in so many seconds."""
    before = len(board.said())
    time.sleep(seconds)
    return board.said()[before:]


def _bytes(said: list[Said]) -> int:
    return sum(len(each.body) + len("$*00000000\n") for each in said)


def _readings(said: list[Said]) -> dict[int, tuple[str, float]]:
    """By number, what the board took, of one boot."""
    found = {}
    for each in said:
        letter, *fields = each.body.split(" ")
        if letter == "A" and len(fields) == 5:
            del fields[0]
            letter = "R"
        if letter == "R":
            found[int(fields[1])] = fields[0], float(fields[3])
    return found


def _text(rounds: list[Round], rate: float) -> str:
    head = (
        "round",
        "readings",
        "bits flipped",
        "bytes a reading, good line",
        "with errors",
        "the errors make",
        "of what they leave",
        "bytes of readings to unavoidable",
        "lost",
        "wrong or twice",
        "all there after",
    )
    rows = [
        (
            f"{number}",
            f"{each.readings}",
            f"{each.flipped}",
            f"{each.good:.1f}",
            f"{each.bad:.1f}",
            f"{each.good * each.factor:.1f}",
            f"{each.throughput:.3f}",
            f"{each.lines:.3f}",
            f"{each.missing}",
            f"{each.wrong}",
            f"{each.rest_s:.2f} s",
        )
        for number, each in enumerate(rounds, 1)
    ]
    median = statistics.median(each.throughput for each in rounds)
    met = median >= LEAST and not any(each.missing or each.wrong for each in rounds)
    return (
        f"**What a line with one bit error in {1 / rate:,.0f} carries**, of what the errors leave of it: the "
        f"median is {median:.3f}; at least {LEAST} is wanted, nothing lost, nothing wrong: "
        f"{'yes' if met else 'NO'}.\n\n{report.table(head, rows)}"
    )


if __name__ == "__main__":
    main()
