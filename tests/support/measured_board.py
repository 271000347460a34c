"""The simulator on a thread of the test's, with sensors that remember what they measured and when.

So of each value that arrives somewhere a test can say whether a board measured it, which one, and when.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from firmware_sim.control import tell
from firmware_sim.recording import Recording
from firmware_sim.sensorline import Identity, sensorline_board
from firmware_sim.sensors import NS
from firmware_sim.simulator import Settings, Simulator

# A prime: a channel's values are spread over its range, and none comes twice before 3,889 others.
SPREAD = 3889


class Measured(NamedTuple):
    """What one reading says: the board's channel, its number, its value."""

    channel: str
    seq: int
    value: float


class MeasuredBoard:
    """A simulated board at `link` whose three channels report every `interval_s`.

    `lowest`: what each channel measures at least; at most `SPREAD` hundredths more. `measured` says when
    (monotonic) it measured what; written by the board's thread alone, before the line goes out.
    """

    def __init__(
        self, link: Path, identity: str, lowest: dict[str, float], *, interval_s: float, seed: int
    ) -> None:
        self.identity = identity
        self.measured: dict[Measured, float] = {}
        self._lowest = lowest
        self._count = 0
        self._control = link.with_name(f"{identity}.control")
        recording = Recording(round(interval_s * NS), dict.fromkeys(lowest, ("0",)))
        settings = Settings(link, self._control, speed=1.0, seed=f"{seed}/{identity}")
        self._simulator = Simulator(settings, recording, sensorline_board(Identity(identity=identity)))
        self._simulator.sensors.measure = self._measure  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._simulator.run, name=f"board-{identity}")

    def __enter__(self) -> Self:
        self._simulator.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.tell("quit")
        self._thread.join()
        self._simulator.close()

    def tell(self, command: str) -> str:
        """Have the board do something; its answer without the `ok`. From any thread."""
        answer = tell(self._control, command)
        assert answer.startswith("ok"), answer
        return answer.removeprefix("ok").strip()

    def _measure(self, channel: str, now_ns: int) -> str:  # noqa: ARG002 - as the sensors have it
        self._count += 1
        step = self._count * 1301 % SPREAD
        value = f"{self._lowest[channel] + step / 100:.2f}"
        seq = int(self._simulator.status()["seq"]) + 1
        self.measured[Measured(channel, seq, float(value))] = time.monotonic()
        return value


def who_measured(boards: Sequence[MeasuredBoard], what: Measured) -> tuple[MeasuredBoard, float] | None:
    """The board that measured it, and when; None if none did."""
    for board in boards:
        when = board.measured.get(what)
        if when is not None:
            return board, when
    return None
