"""From whoever logs to where lines go. Nobody who logs waits for a disk.

Whoever logs runs `emit`: the limits, then the handler of standard error or of the live table. The file gets
its lines from a thread, `log`, through a bounded queue: a disk that hangs holds up that alone. The same
thread tells of what the limits have counted. It is there from the first line that needs it until `close`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from gateway.logs.file import RotatingFile
from gateway.logs.limits import Limits
from gateway.logs.lines import LineFormatter
from gateway.logs.stderr import Unfailing

MOST_WAITING = 1000
"""Lines, for a disk that is slow: some 200 kB."""
MOST_FORMER = 3
"""Files that a reload has taken away while their disk was slow, each with its lines."""
LOOK_S = 15.0
"""How often it is looked whether something counted is to be told."""
RETRY_S = 60.0
"""Until a file that could not be written is tried again."""
CLOSE_S = 0.5
"""What a disk has left to take the last lines."""


class _Batch(NamedTuple):
    """`left_out`: lines between these and the ones before, that had no place to wait."""

    file: RotatingFile
    path: Path
    lines: list[str]
    left_out: int


class Hub(Unfailing):
    """`out`: the handler that gets every line that is told. From any thread."""

    def __init__(self, out: logging.Handler, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setFormatter(LineFormatter())
        self._out = out
        self._clock = clock
        self._limits = Limits()
        self._news = threading.Condition()  # guards what follows
        self._file: RotatingFile | None = None
        self._place: tuple[Path, int, int] | None = None
        self._lines: deque[str] = deque()
        self._left_out = 0
        self._former: deque[_Batch] = deque(maxlen=MOST_FORMER)
        self._thread: threading.Thread | None = None
        self._ending = False

    def write_to(self, path: Path | None, size: int = 0, count: int = 0) -> None:
        """From now on the lines go to that file too; None: to none."""
        place = None if path is None else (path, size, count)
        with self._news:
            if place == self._place:
                return
            if self._file is not None and self._place is not None:  # what waits for it is not another's
                self._former.append(_Batch(self._file, self._place[0], list(self._lines), self._left_out))
                self._lines, self._left_out = deque(), 0
            self._place = place
            self._file = RotatingFile(*place) if place is not None else None
            self._news.notify()
        if place is not None:
            self._start()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`, on the thread that logged, one at a time."""
        now = self._clock()
        try:
            taken = self._limits.take(record, now)
        except Exception:  # noqa: BLE001 - an argument without a text
            self.handleError(record)
            return
        for report in self._limits.due(now):
            self._tell(report)
        if taken:
            self._tell(record)
        else:
            self._start()

    def close(self) -> None:
        """Tell of what was counted, write what waits, end the thread. Nothing is told after."""
        with self.lock or nullcontext():
            for report in self._limits.due(self._clock(), all_of_them=True):
                self._tell(report)
        with self._news:
            self._ending = True
            thread, self._thread = self._thread, None
            self._news.notify()
        if thread is not None:
            thread.join(CLOSE_S)
        super().close()

    def _tell(self, record: logging.LogRecord) -> None:
        self._out.handle(record)
        if self._place is None:
            return
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
            return
        with self._news:
            if self._file is None:  # a reload has taken it away just now
                return
            if len(self._lines) < MOST_WAITING:
                self._lines.append(line)
            else:
                self._left_out += 1
            self._news.notify()

    def _start(self) -> None:
        with self._news:
            if self._thread is None and not self._ending:
                thread = threading.Thread(target=self._run, name="log", daemon=True)
                thread.start()
                self._thread = thread

    # The thread

    def _run(self) -> None:
        writer = _Writer(self._say, self._clock)
        while True:
            with self._news:
                if not (self._lines or self._former or self._ending):
                    self._news.wait(LOOK_S)
                former, self._former = list(self._former), deque(maxlen=MOST_FORMER)
                lines, self._lines = list(self._lines), deque()
                left_out, self._left_out = self._left_out, 0
                file, place, ending = self._file, self._place, self._ending
            for batch in former:
                writer.write(batch)
            if file is not None and place is not None:
                writer.write(_Batch(file, place[0], lines, left_out))
            else:
                writer.close()
            if ending:
                writer.close()
                return
            with self.lock or nullcontext():
                for report in self._limits.due(self._clock()):
                    self._tell(report)

    def _say(self, level: int, text: str) -> None:
        """Where the file is not meant, or can be written again."""
        self._out.handle(logging.LogRecord(__name__, level, __file__, 0, "%s", (text,), None))


class _Writer:
    """Writes to the file, or says once that it cannot be written, and tries again now and then."""

    def __init__(self, say: Callable[[int, str], None], clock: Callable[[], float]) -> None:
        self._say = say
        self._clock = clock
        self._file: RotatingFile | None = None
        self._failed = False
        self._retry_at = float("-inf")
        self._lost = 0

    def write(self, batch: _Batch) -> None:
        """What came for one file."""
        file, path, lines, left_out = batch
        if file is not self._file:
            self.close()
            self._file, self._failed, self._retry_at, self._lost = file, False, float("-inf"), 0
        self._lost += left_out
        for number, line in enumerate(lines):
            try:
                if self._failed and self._clock() < self._retry_at:
                    self._lost += len(lines) - number
                    return
                if self._lost:
                    file.write(f"({self._lost} lines before this one could not be written)")
                    self._lost = 0
                file.write(line)
            except OSError as error:
                self._cannot(path, error)
                self._lost += len(lines) - number
                return
            if self._failed:
                self._failed = False
                self._say(logging.INFO, f"log: {path} can be written again")

    def close(self) -> None:
        """Of the file."""
        if self._file is not None:
            self._file.close()

    def _cannot(self, path: Path, error: OSError) -> None:
        self._retry_at = self._clock() + RETRY_S
        if not self._failed:
            self._failed = True
            why = error.strerror or str(error)
            text = (
                f"log: {path} cannot be written: {why}; lines go on here, and there again when that is mended"
            )
            self._say(logging.ERROR, text)
