"""A capture played back: what the device said, when it said it, whatever it is asked."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from firmware_sim.board import Board, MakeBoard
from firmware_sim.capture import MAX_LINE, CaptureError, Piece, read_header, read_line
from firmware_sim.errors import SimulatorError
from firmware_sim.sensors import Sensors

MAX_BATCH = 256
"""Pieces in one run, of at most 8 kB each."""
LOOP_NS = 1_000_000_000
"""From the end to the beginning again, with `--loop`."""
CHECKED = 10_000
"""Lines that are looked at before anything is played, a twentieth of a second; a mistake further on ends the
replay when it gets there."""


class Capture:
    """A capture file, read line by line, however large. SimulatorError names file and line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._line = 0
        self._at_ns = 0

    def open(self) -> dict[str, str]:
        """Begin at the beginning; what the header says."""
        self.close()
        try:
            self._file = self._path.open("rb")
        except OSError as err:
            raise SimulatorError(
                f"{self._path}: expected a capture that can be read; got: {err.strerror}; "
                "give another --replay"
            ) from err
        self._line = self._at_ns = 0
        try:
            return read_header(self._next())
        except CaptureError as err:
            self.close()
            raise SimulatorError(f"{self._path}:1: {err}") from err

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def next_received(self) -> Piece | None:
        """The next bytes that the device said; None at the end."""
        while line := self._next():
            try:
                piece = read_line(line, self._at_ns)
            except CaptureError as err:
                if not line.endswith(b"\n") and len(line) <= MAX_LINE:
                    return None  # the power was cut while it was written
                raise SimulatorError(f"{self._path}:{self._line}: {err}") from err
            if piece is not None:
                self._at_ns = piece.at_ns
                if piece.received:
                    return piece
        return None

    def check(self) -> None:
        """Read its beginning, once; SimulatorError."""
        self.open()
        try:
            while self._line < CHECKED and self.next_received() is not None:
                pass
        finally:
            self.close()

    def _next(self) -> bytes:
        assert self._file is not None
        self._line += 1
        return self._file.readline(MAX_LINE + 2)


def replay_board(path: Path, loop: bool) -> MakeBoard:
    """What plays that capture; SimulatorError when its beginning is wrong."""
    Capture(path).check()

    def make(sensors: Sensors, seed: str) -> Board:  # noqa: ARG001 - nothing is left to chance
        return ReplayBoard(path, sensors, loop)

    return make


class ReplayBoard(Board):
    """See `Board`; of the sensors it takes the speed. At its end it says nothing more, and the port stays."""

    refuses: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("silent", "loud", "spike", "value", "fault"), "a replay says what was recorded"
    )
    waits_for_listener = True

    def __init__(self, path: Path, sensors: Sensors, loop: bool) -> None:
        self._path = path
        self._sensors = sensors
        self._loop = loop
        self._capture = Capture(path)
        self._header: dict[str, str] = {}
        self._next: Piece | None = None
        self._anchor_ns = 0  # at that time,
        self._anchor_at_ns = 0  # it was at that place of the capture, and goes on
        self._speed = sensors.speed  # times as fast
        self._again_ns: int | None = None
        self._starts = self._pieces = self._ignored = 0

    def start(self, now_ns: int) -> None:
        """See `Board`: from the beginning."""
        self._header = self._capture.open()
        self._starts += 1
        self._anchor_ns, self._anchor_at_ns, self._speed = now_ns, 0, self._sensors.speed
        self._again_ns = None
        self._next = self._capture.next_received()

    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:  # noqa: ARG002
        """See `Board`: nothing is answered."""
        self._ignored += len(data)

    def next_due_ns(self) -> int | None:
        """See `Board`."""
        return self._again_ns if self._next is None else self._due_ns(self._next)

    def run(self, now_ns: int) -> list[bytes]:
        """See `Board`: what was received at once, at once."""
        said: list[bytes] = []
        if self._again_ns is not None and now_ns >= self._again_ns:
            self.start(now_ns)
        while self._next is not None and self._due_ns(self._next) <= now_ns and len(said) < MAX_BATCH:
            said.append(self._next.data)
            self._pieces += 1
            self._next = self._capture.next_received()
            if self._next is None:
                self._end(now_ns)
        return said

    def pace_changed(self, now_ns: int) -> None:
        """See `Board`."""
        self._anchor_at_ns += round((now_ns - self._anchor_ns) * self._speed)
        self._anchor_ns, self._speed = now_ns, self._sensors.speed

    def interrupted(self) -> bytes:
        """See `Board`: what would come next."""
        return b"" if self._next is None else self._next.data

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        return {
            "capture": str(self._path),
            "of": self._header,
            "ended": self._next is None and self._starts > 0,
        }

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return {"starts": self._starts, "pieces": self._pieces, "bytes_ignored": self._ignored}

    def close(self) -> None:
        """See `Board`."""
        self._capture.close()

    def _due_ns(self, piece: Piece) -> int:
        return self._anchor_ns + round((piece.at_ns - self._anchor_at_ns) / self._speed)

    def _end(self, now_ns: int) -> None:
        self._capture.close()
        if self._loop:
            self._again_ns = now_ns + LOOP_NS
