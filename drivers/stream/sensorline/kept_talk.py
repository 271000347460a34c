"""What passes between a board that keeps its readings and the gateway, in events (docs/protocol.md, section
7)."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from drivers.receipt import Receipt
from drivers.source import Device, Measurement, Missing
from drivers.stream.conversation import Event, Pressed, Send
from drivers.stream.sensorline.board_clock import BoardClock
from drivers.stream.sensorline.frame import frame
from drivers.stream.sensorline.kept import Kept, Lost
from drivers.stream.sensorline.kept_messages import BoardKept, BoardLost, parse_again


class KeptTalk:
    """Of one opening of a port, with what `kept` knows of those before. `counters`: the conversation's."""

    def __init__(self, kept: Kept, counters: Counter[str]) -> None:
        self._kept = kept
        self._counters = counters
        self._device: Device | None = None  # that keeps readings
        self._clock = BoardClock(0, 0.0)
        self._begun: tuple[str, int, int] | None = None  # of what the board is asked what it keeps

    def clock(self, identity: str, boot: int, board_ms: int, now: float) -> BoardClock:
        """See `Kept.clock`."""
        return self._kept.clock(identity, boot, board_ms, now)

    def hello(self, device: Device, clock: BoardClock, now: float) -> None:
        """A complete hello."""
        same_life, self._clock = clock is self._clock, clock
        self._device = device if device.kept else None
        who = device.identity, device.boot, device.kept
        if not device.kept or (who == self._begun and same_life):
            return
        self._begun = who
        self._kept.begin(*who, clock, now)

    def restarted(self) -> None:
        """Its hello was lost: nothing is known before the next."""
        self._device = None

    @property
    def active(self) -> bool:
        """Whether the board keeps readings."""
        return self._device is not None

    def live(self, seq: int, channel: str, measured: float, now: float) -> Receipt | None:
        """The receipt of a reading that was not sent before; None of one that was heard already, by another
        opening of the port."""
        assert self._device is not None
        return self._kept.come(self._device.boot, seq, channel, measured, now, late=False)

    def exists(self, seq: int) -> None:
        """See `Kept.exists`."""
        self._kept.exists(seq)

    def again(self, answer: Sequence[str], now: float) -> bool:
        """The answer to `again`; False if it is of another boot than the hello. Raises `LineError`."""
        holdings = parse_again(answer)
        assert self._device is not None
        if holdings[0].boot != self._device.boot:
            return False
        self._kept.again(holdings, now)
        return True

    def kept(self, reading: BoardKept, now: float) -> Measurement | None:
        """A kept reading; None for one that has come before, or of a channel that the board does not have."""
        device = self._device
        assert device is not None
        measured, doubt = self._place(device, reading, now)
        receipt = self._kept.come(reading.boot, reading.seq, reading.channel, measured, now, late=True)
        if receipt is None:
            self._counters["repeated"] += 1
            return None
        if reading.channel not in device.channels:
            self._counters["unknown_channel"] += 1
            receipt.release()  # nobody will ever take it
            return None
        self._counters["kept"] += 1
        why = None if reading.fault is None else f"the board reports {reading.fault!r} instead of a value"
        return Measurement(
            reading.channel,
            reading.seq,
            reading.value,
            why,
            measured,
            late=True,
            doubt=doubt,
            receipt=receipt,
        )

    def lost(self, message: BoardLost, now: float) -> None:
        """What the board lost."""
        self._kept.lost(message, now)

    def look(self, now: float) -> Iterator[Event]:
        """What is to be said now, to the board and to whoever waits for readings."""
        if self._device is None:
            return
        body = self._kept.say(now)
        if body is not None:
            yield Send(frame(body))
        waiting = self._kept.pressure(now)
        if waiting:
            yield Pressed(waiting)
        for lost in self._kept.take_losses(now):
            yield from self._missing(self._device, lost)

    def _place(self, device: Device, reading: BoardKept, now: float) -> tuple[float, str | None]:
        """When it was measured, and why that may be wrong."""
        clock = self._kept.clock_of(reading.boot)
        if reading.boot == device.boot:
            return self._clock.place(reading.time_ms, now, self._kept.drift)
        started = min(now, self._clock.started)
        if clock is not None:
            measured, doubt = clock.place(reading.time_ms, now, self._kept.drift)
            return min(measured, started), doubt
        if reading.age_ms is None:
            return started, "the board restarted since, and it is not known when before that it was measured"
        measured = min(started, now - reading.age_ms / 1000)
        return measured, (
            "the board restarted since, and nobody heard it before: the time may be too late by as long as "
            "the restart took, 2 s with a boot loader"
        )

    def _missing(self, device: Device, lost: Lost) -> Iterator[Missing]:
        loss, since = lost.loss, lost.loss.since
        until = lost.latest if loss.until is None else loss.until
        counts = loss.counts
        if loss.first == 0:
            # Whether there was any is not known: hardly of a channel that was not due.
            waited = until - (until if since is None else since)
            counts = {
                name: None for name, channel in device.channels.items() if 0 < channel.interval_s < waited
            }
        elif counts is None:
            counts = dict.fromkeys(device.channels, loss.number if len(device.channels) == 1 else None)
        self._counters["missing"] += loss.number
        told = [(device.channels[name], count) for name, count in counts.items() if name in device.channels]
        receipts = self._kept.telling(lost, len(told))
        for (channel, count), receipt in zip(told, receipts, strict=True):
            first = _begin(lost, until, count, channel.interval_s) if since is None else since
            yield Missing(channel.name, count, min(first, until), until, loss.reason, receipt)


def _begin(lost: Lost, until: float, count: int | None, interval_s: float) -> float:
    """When what was lost began, where the reading before was not heard. The board may have been up for weeks:
    so many take so long; one more for where it ends."""
    earliest = until if lost.earliest is None else lost.earliest
    took = math.inf if count is None else (count + 1) * interval_s
    if 0 < took < math.inf:
        return until - took if lost.earliest is None else max(earliest, until - took)
    return earliest
