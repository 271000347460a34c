"""A sketch that prints lines: a banner, a measurement a row, an error or a `nan` now and then. No I/O."""

from collections.abc import Callable
from functools import partial
from math import nan
from random import Random
from typing import Any

from firmware_sim.board import Board, MakeBoard
from firmware_sim.chance import Chance
from firmware_sim.sensors import Sensors
from firmware_sim.talker import Talker
from firmware_sim.text.sketches import NOTHING, SKETCHES, Measured, Printed, Sketch

ERRORS = 0.025
"""How likely a report is an error line, and how likely it has `nan` for values: of forty, one each."""
FIRST_REPORT_NS = 100_000_000
"""From the banner to the first measurement."""
MAX_COMMAND = 64
"""Bytes of a command that are kept, as the hardware's buffer holds."""


def text_board(shape: int | None, degree: str | None) -> MakeBoard:
    """What makes a board that runs the sketch of that shape, and writes ° in that encoding."""

    def make(sensors: Sensors, seed: str) -> Board:
        return TextBoard(sensors, shape or 1, degree or "utf-8", seed)

    return make


class TextBoard(Talker):
    """See `Board`. Lines end in CR LF, as `Serial.println` has it."""

    resets_in_line = True
    waits_for_listener = True
    reset_by_opening = True

    def __init__(
        self, sensors: Sensors, shape: int, encoding: str, seed: str, errors: float = ERRORS
    ) -> None:
        super().__init__(sensors)
        self._shape = shape
        self._sketch: Sketch = SKETCHES[shape]
        self._encoding = encoding
        self._errors = Chance(Random(f"{seed}/error"), errors)
        self._nans = Chance(Random(f"{seed}/nan"), errors)
        self._command = b""
        self._asked = 0
        self._last = NOTHING

    def began(self, now_ns: int) -> int:
        """See `Talker`."""
        self._command = b""
        self._print(list(self._sketch.banner))
        return now_ns + min(FIRST_REPORT_NS, self.sensors.step_ns)

    def report(self, now_ns: int) -> None:
        """See `Talker`."""
        self._last = self._measure(now_ns)
        error, failed = self._errors.hit(), self._nans.hit()
        if error:
            self._print([self._sketch.error])
        else:
            self._print(self._sketch.measurement(NOTHING if failed else self._last))

    def receive(self, now_ns: int, data: bytes, delay_ns: Callable[[], int]) -> None:
        """See `Board`: a command is a line."""
        *lines, rest = (self._command + data.replace(b"\r", b"\n")).split(b"\n")
        self._command = rest[-MAX_COMMAND:]
        for line in lines:
            answer = self._sketch.answers.get(line.decode("latin-1").strip().upper())
            if answer is not None:
                self._asked += 1
                self.agenda.at(now_ns + delay_ns(), partial(self._answer, answer))

    def _answer(self, answer: Printed, now_ns: int) -> None:
        self._print(answer(self._measure(now_ns)))

    def interrupted(self) -> bytes:
        """See `Board`: the newest measurement again."""
        return self._encode("\r\n".join(self._sketch.measurement(self._last) or [self._sketch.error]))

    def status(self) -> dict[str, Any]:
        """See `Board`."""
        return {"shape": self._shape}

    def counters(self) -> dict[str, int]:
        """See `Board`."""
        return {**super().counters(), "requests": self._asked}

    def _measure(self, now_ns: int) -> Measured:
        return Measured(*(_number(self.sensors.measure(name, now_ns)) for name in ("temp", "hum", "lux")))

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            self.say(self._encode(line + "\r\n"))

    def _encode(self, text: str) -> bytes:
        return text.encode(self._encoding)


def _number(text: str | None) -> float | None:
    """A sensor's word as a sketch has it: None when it is silent, NaN when it failed."""
    return None if text is None else nan if text.startswith("!") else float(text)
