"""What the board's sensors say at a moment: the recording, with what was arranged over it.

Pure: time comes in with each call, in nanoseconds of any one clock that does not step.
"""

from collections.abc import Iterable
from random import Random

from firmware_sim.chance import Chance
from firmware_sim.faults import FaultSpec
from firmware_sim.recording import Recording

NS = 1_000_000_000


class Sensors:
    """The recording plays from `now_ns` on, `speed` times faster than recorded, and starts over at its end.

    Over a channel lie, the strongest first: silence, a fault, a spike, a held value. They survive a reset
    of the board: they are the world's, not its memory's.
    """

    def __init__(self, recording: Recording, now_ns: int, speed: float, seed: str) -> None:
        self._recording = recording
        self._seed = seed
        self._row = 0  # the row that began at _row_ns
        self._row_ns = now_ns
        self.speed = speed
        self.step_ns = _row_length(recording, speed)
        self._silent_until: dict[str, float] = {}
        self._faults: dict[str, str] = {}
        self._next: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._silenced: frozenset[str] = frozenset()
        self._spikes: list[tuple[str, str, Chance]] = []

    def set_speed(self, now_ns: int, speed: float) -> None:
        """Go on from the row of now, at another pace; the fraction of the row that has passed stays."""
        rows, rest = divmod(now_ns - self._row_ns, self.step_ns)
        step = _row_length(self._recording, speed)
        self._row += rows
        self._row_ns = now_ns - rest * step // self.step_ns
        self.speed, self.step_ns = speed, step

    def use(self, spec: FaultSpec) -> None:
        """Put `spec`'s silences and spikes in the place of those of the spec before."""
        self._silenced = spec.silent
        self._spikes = [
            (spike.channel, spike.value, Chance(Random(f"{self._seed}/spike/{index}"), spike.probability))
            for index, spike in enumerate(spec.spikes)
        ]

    def silence(self, channel: str, until_ns: int | None = None) -> None:
        """Say nothing on `channel`, until `until_ns` or `unsilence`."""
        self._silent_until[channel] = float("inf") if until_ns is None else until_ns

    def unsilence(self, channel: str) -> None:
        """Undo `silence`, at once."""
        self._silent_until.pop(channel, None)

    def fault(self, channel: str, word: str | None) -> None:
        """Report `!word` on `channel`; None: no longer."""
        _put(self._faults, channel, word)

    def spike(self, channel: str, value: str) -> None:
        """Make the next reading of `channel` this value."""
        self._next[channel] = value

    def hold(self, channel: str, value: str | None) -> None:
        """Report `value` on `channel` from now on; None: the recording again."""
        _put(self._held, channel, value)

    def silent(self, now_ns: int) -> Iterable[str]:
        """The channels that say nothing now."""
        return sorted({*self._silenced, *(c for c, until in self._silent_until.items() if until > now_ns)})

    def measure(self, channel: str, now_ns: int) -> str | None:
        """A value, or `!` and a word, or None when the channel is silent."""
        if channel in self._silenced or self._silent_until.get(channel, 0) > now_ns:
            return None
        if (word := self._faults.get(channel)) is not None:
            return f"!{word}"
        if (value := self._next.pop(channel, None)) is not None:
            return value
        for name, value, chance in self._spikes:
            if name == channel and chance.hit():
                return value
        if (held := self._held.get(channel)) is not None:
            return held
        row = self._row + (now_ns - self._row_ns) // self.step_ns
        return self._recording.columns[channel][row % len(self._recording)]


def _row_length(recording: Recording, speed: float) -> int:
    return max(1, round(recording.step_ns / speed))


def _put(table: dict[str, str], channel: str, text: str | None) -> None:
    if text is None:
        table.pop(channel, None)
    else:
        table[channel] = text
