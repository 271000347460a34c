"""A contender of `serial_to_listener`: a program of `serial_readers` in a process, and the board it reads."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks import serial_readers
from benchmarks.board import Board, plugged_board, send_paced

HERE = Path(__file__).resolve().parents[1]
PER_SECOND = 500.0


class LiveReads(NamedTuple):
    """What a live read cost, in microseconds: wall time, and CPU of the whole process."""

    p50: float
    p90: float
    cpu: float


class Contender:
    """`name`: one of `serial_readers.READERS`; `code`: the folder whose `sig` and `drivers` it runs.

    A context manager: the process and the board live as long as the with block. Raises `RuntimeError` when
    the program ended, or runs other code, `TimeoutError` when it does not go on.
    """

    def __init__(self, name: str, code: Path = HERE) -> None:
        self.name = name
        self._code = code
        self._stack = ExitStack()
        self.board: Board
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.board = stack.enter_context(plugged_board())
            # -P: neither this folder nor the current one comes before PYTHONPATH.
            command = [sys.executable, "-P", serial_readers.__file__, self.name, self.board.port]
            environment = {**os.environ, "PYTHONPATH": str(self._code)}
            self._process = stack.enter_context(
                subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    bufsize=1,
                )
            )
            assert self._process.stdin is not None
            stack.callback(self._process.stdin.close)
            word, home = self._said().split(maxsplit=1)
            assert word == "ready", word
            if home not in ("-", str(self._code)):
                raise RuntimeError(
                    f"{self.name} was to run the code in {self._code}, and runs that in {home}"
                )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def flat_out(self, count: int) -> tuple[float, float]:
        """Microseconds of CPU a reading, and readings a second, as fast as they are taken."""
        self.take_lines(count, 0)
        self.board.send(count, None)
        return self.cost_of_lines(count)

    def live_reads(self, count: int, threads: int) -> LiveReads:
        """`count` live reads on a quiet link, in `threads` threads at once; the board answers at once."""
        self._tell(f"reads {count} {threads}")
        p50, p90, cpu = map(float, self._said().split())
        return LiveReads(p50 * 1e6, p90 * 1e6, cpu / count * 1e6)

    def take_lines(self, count: int, skip: int) -> None:
        """Have the program take `count` lines after `skip` that do not count; returns when it is set to."""
        self._tell(f"lines {count} {skip}")
        go = self._said()
        assert go == "go", go

    def cost_of_lines(self, count: int) -> tuple[float, float]:
        """Microseconds of CPU a reading and readings a second, when it has taken them."""
        cpu, wall = map(float, self._said().split())
        return cpu / count * 1e6, count / wall

    def _tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")

    def _said(self) -> str:
        """The next line of the program's; until it comes, the board answers."""
        assert self._process.stdout is not None
        self.board.answer_until(self._process.stdout.fileno())
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(f"{self.name} ended; what it said of that is above")
        return said.rstrip("\n")


def paced(contenders: Sequence[Contender], count: int, skip: int = 0) -> list[float]:
    """Microseconds of CPU a reading, for each contender, of `count` after the first `skip`.

    All of them get `PER_SECOND` at the same time, a reading each in turn: so what else the machine does
    hits them alike.
    """
    for contender in contenders:
        contender.take_lines(count, skip)
    send_paced([contender.board for contender in contenders], count + skip, PER_SECOND)
    return [contender.cost_of_lines(count)[0] for contender in contenders]
