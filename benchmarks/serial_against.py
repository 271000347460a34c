"""The gateway's code of this folder ("new") beside that of a git revision ("old"), in one run.

Three processes run the gateway's program of `serial_readers`: new, old, and old again, which tells the noise.
At 500/s they run at the same time, a reading each in turn. Otherwise they take turns in blocks of some 10 to
100 ms: new, old, again, new, …, every other round the other way round. So each always comes after another,
whose caches it finds.

What counts is the median of the ratios within the blocks of a round, and then that of the rounds: each has
fresh processes, as one may be a few percent slower than the next with the same code.
"""

import io
import math
import statistics
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.serial_contender import HERE, Contender, paced

NEW, OLD, AGAIN = "new", "old", "old again"
# Of each round: blocks, and readings or reads in each.
PACED_BLOCKS, READINGS = 2, 500
SKIPPED = 150  # in the first 0.2 s of a stream the link may not have lent its reading yet
FLOODS, FLOOD = 4, 10_000
LIVE_BLOCKS, LIVE_READS = 20, 100
LIVE_BLOCKS_OF_4, LIVE_READS_OF_4 = 10, 200
ALLOWED = 0.03


@dataclass(frozen=True)
class Figure:
    """What is compared: `text`, how it is written, and whether more is better."""

    text: str
    written: str = "{:.0f}"
    more_is_better: bool = False


PACED = Figure("µs CPU a reading, 500/s", "{:.1f}")
RATE = Figure("readings/s, flat out", "{:,.0f}", more_is_better=True)
COST = Figure("µs CPU a reading, flat out", "{:.2f}")
P50 = Figure("live read, p50, µs")
P90 = Figure("live read, p90, µs")
CPU = Figure("live read, µs CPU")
P50_OF_4 = Figure("live read from 4 threads, p50, µs")
P90_OF_4 = Figure("live read from 4 threads, p90, µs")
CPU_OF_4 = Figure("live read from 4 threads, µs CPU")
FIGURES = (PACED, RATE, COST, P50, P90, CPU, P50_OF_4, P90_OF_4, CPU_OF_4)

# Of one round: for each contender and figure, a value for each block.
Samples = dict[tuple[str, Figure], list[float]]


def run(revision: str, rounds: int) -> None:
    """Measure, print, and write results/serial_against.md."""
    with code_of(revision) as (old, commit):
        samples = []
        for number in range(rounds):
            contenders = [(NEW, HERE), (OLD, old), (AGAIN, old)]
            samples.append(_round(contenders[:: -1 if number % 2 else 1]))
    report.write(
        "serial_against",
        "From a serial byte to a listener, new and old",
        f"`python -m benchmarks.serial_to_listener --against {commit} --rounds {rounds}`; {report.about()}",
        rows_of(FIGURES, samples),
    )


@contextmanager
def code_of(revision: str) -> Iterator[tuple[Path, str]]:
    """The code of a git revision in a folder, for the length of a with block, and the commit's short name.
    Raises `SystemExit` when there is no such revision."""
    named = _git("rev-parse", "--short", "--verify", "--quiet", f"{revision}^{{commit}}")
    if named.returncode:
        raise SystemExit(f"--against: expected a git revision of {HERE}, got {revision!r}")
    commit = named.stdout.decode().strip()
    with tempfile.TemporaryDirectory(prefix="sig-against-") as folder:
        archive = _git("archive", "--format=tar", commit)
        archive.check_returncode()
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder).resolve(), commit


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(HERE), *arguments], stdout=subprocess.PIPE, check=False)


def _round(contenders: Sequence[tuple[str, Path]]) -> Samples:
    """A round: each contender, with its name and code, in a fresh process."""
    samples: Samples = {}

    def note(name: str, figure: Figure, value: float) -> None:
        samples.setdefault((name, figure), []).append(value)

    with ExitStack() as stack:
        gateways = [(name, stack.enter_context(Contender("gateway", code))) for name, code in contenders]
        for _ in range(PACED_BLOCKS):
            costs = paced([gateway for _, gateway in gateways], READINGS, SKIPPED)
            for (name, _), cost in zip(gateways, costs, strict=True):
                note(name, PACED, cost)
        for _ in range(FLOODS):
            for name, gateway in gateways:
                cost, rate = gateway.flat_out(FLOOD)
                note(name, COST, cost)
                note(name, RATE, rate)
        for blocks, count, threads, figures in (
            (LIVE_BLOCKS, LIVE_READS, 1, (P50, P90, CPU)),
            (LIVE_BLOCKS_OF_4, LIVE_READS_OF_4, 4, (P50_OF_4, P90_OF_4, CPU_OF_4)),
        ):
            for _ in range(blocks):
                for name, gateway in gateways:
                    for figure, value in zip(figures, gateway.live_reads(count, threads), strict=True):
                        note(name, figure, value)
    return samples


def rows_of(figures: Sequence[Figure], rounds: Sequence[Samples]) -> str:
    """The table, and how to read it."""
    rows = []
    for figure in figures:
        new, old = ([statistics.median(each[name, figure]) for each in rounds] for name in (NEW, OLD))
        ratios, noise = (
            [report.ratio(each[name, figure], each[OLD, figure]) for each in rounds] for name in (NEW, AGAIN)
        )
        rows.append(
            [
                figure.text,
                figure.written.format(statistics.median(new)),
                figure.written.format(statistics.median(old)),
                f"{statistics.median(ratios):.3f}",
                _span(*sure(ratios)),
                _span(min(ratios), max(ratios)),
                f"{statistics.median(noise):.3f}",
                _span(*sure(noise)),
                _span(min(noise), max(noise)),
                verdict(ratios, noise, figure.more_is_better),
            ]
        )
    head = ["", "new", "old"]
    head += ["new / old", "95 %", "rounds", "old / old", "95 %", "rounds", "within 3 %"]
    return (
        f"{report.table(head, rows)}\n\n"
        "Medians over the rounds. 95 %: the interval of confidence of the median ratio; rounds: the least "
        "and the greatest. old / old: the same code in two processes, which is the noise. The verdict is the "
        "median's; in brackets if its interval, or the noise's, says otherwise."
    )


def verdict(ratios: Sequence[float], noise: Sequence[float], more_is_better: bool) -> str:
    """Whether the median ratio new / old is at most 3 % worse than 1; in brackets when that is not sure."""
    losses, again = ([1 / ratio if more_is_better else ratio for ratio in each] for each in (ratios, noise))
    (low, high), (least, most) = sure(losses), sure(again)
    if statistics.median(losses) <= 1 + ALLOWED:
        certain = high <= 1 + ALLOWED and most <= 1 + ALLOWED and least >= 1 / (1 + ALLOWED)
        return "yes" if certain else "(yes)"
    return "NO" if low > max(1 + ALLOWED, most) else "(NO)"


def sure(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of confidence of the median, by counting (no distribution assumed); of fewer than six
    values, the least and the greatest."""
    ordered, count = sorted(values), len(values)
    outside, left_off = 0.5**count, 0
    # the chance that the median is below the value numbered left_off, or above its mirror image
    while 2 * (outside + math.comb(count, left_off + 1) * 0.5**count) <= 0.05:
        left_off += 1
        outside += math.comb(count, left_off) * 0.5**count
    return ordered[left_off], ordered[-1 - left_off]


def _span(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}"
