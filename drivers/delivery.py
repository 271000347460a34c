"""What a link's devices measure, on its way to those who take it: noted at once, judged in turn.

With a receipt, the link's own hold lasts until the last of them has run: one that takes the reading to keep
it holds the receipt meanwhile. One that found no room is lost, and its device sends it again. One that nobody
takes is safe at once; of one that comes of a device that is refused, nothing is ever said.

What is missing is told once and never again by its device: while that is not there, as it has fallen silent
say, it waits for its return.
"""

from collections import deque
from collections.abc import Callable, Container, Sequence

from drivers.dispatcher import Dispatcher
from drivers.receipt import Receipt, handing
from drivers.sink import Sink
from drivers.sinks import Sinks
from drivers.source import Measurement, Missing

# Of the same boot one is told in 10 s at most, for each channel.
MOST_UNTOLD = 256


class Delivery:
    """`device_of`: whose a channel is; `there`: the names of the devices that are there; `refuses`: whether
    that one is there and not to be heard. For the thread that reads."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        sinks: Sinks,
        device_of: Callable[[str], str],
        there: Callable[[], Container[str]],
        refuses: Callable[[str], bool],
    ) -> None:
        self._dispatcher = dispatcher
        self._sinks = sinks
        self._device_of = device_of
        self._there = there
        self._refuses = refuses
        self._untold: deque[Missing] = deque(maxlen=MOST_UNTOLD)
        self._exchanges = 0  # odd while one is under way

    def exchanging(self, under_way: bool) -> None:
        """Say that the sinks are being exchanged: somebody may soon take a channel that nobody takes now.
        From any thread, one at a time."""
        if under_way != bool(self._exchanges % 2):
            self._exchanges += 1

    def measured(self, measurement: Measurement) -> None:
        """To the channel's sinks. Of a device that is not there, as it is refused, nobody hears."""
        if self._untold:
            self._tell_what_is_missing()
        receipt, exchanges = measurement.receipt, self._exchanges
        sinks = self._sinks.on(measurement.channel)
        if not sinks:  # most channels of a radio network are nobody's
            if receipt is not None:
                quiet = exchanges % 2 == 0 and exchanges == self._exchanges
                (receipt.release if quiet else receipt.lose)()
            return
        if self._device_of(measurement.channel) not in self._there():
            for sink in sinks:
                sink.missed()
            return
        if not measurement.late:
            for sink in sinks:
                sink.heard(measurement)
        if receipt is not None:
            self._hand(sinks, measurement, receipt)
            return
        for sink in sinks:
            if not self._dispatcher.post(sink.accept, measurement):
                sink.missed()

    def missing(self, missing: Missing) -> None:
        """To the channel's sinks, when the device is there."""
        self._untold.append(missing)
        self._tell_what_is_missing()

    def _tell_what_is_missing(self) -> None:
        """A full queue does not hold it up: there are few of them."""
        untold, there = list(self._untold), self._there()
        self._untold.clear()
        for missing in untold:
            device, sinks = self._device_of(missing.channel), self._sinks.on(missing.channel)
            if device in there and (sinks or self._exchanges % 2 == 0):
                for sink, receipt in zip(sinks, _held(missing.receipt, len(sinks)), strict=True):
                    tell = sink.missing if receipt is None else _Handed(sink, receipt).missing
                    self._dispatcher.post_always(tell, missing)
            elif not self._refuses(device):
                self._untold.append(missing)

    def _hand(self, sinks: Sequence[Sink], measurement: Measurement, receipt: Receipt) -> None:
        """One hold for each of them; the first has the link's."""
        for _ in sinks[1:]:
            receipt.hold()
        for sink in sinks:
            if not self._dispatcher.post(_Handed(sink, receipt).accept, measurement):
                sink.missed()
                receipt.lose()


def _held(receipt: Receipt | None, number: int) -> list[Receipt | None]:
    """For so many sinks: one hold for each of them, the first has the link's; for none it is safe at once."""
    if receipt is not None:
        for _ in range(1, number):
            receipt.hold()
        if not number:
            receipt.release()
    return [receipt] * number


class _Handed:
    """A sink, and the hold on a receipt that it is given."""

    __slots__ = ("_receipt", "_sink")

    def __init__(self, sink: Sink, receipt: Receipt) -> None:
        self._sink = sink
        self._receipt = receipt

    @property
    def name(self) -> str:
        """The sink's, for the log."""
        return str(getattr(self._sink, "name", ""))

    def accept(self, measurement: Measurement) -> None:
        """On the dispatcher's thread. A sink with a defect keeps nothing, and would fail again."""
        try:
            with handing(self._receipt):
                self._sink.accept(measurement)
        finally:
            self._receipt.release()

    def missing(self, missing: Missing) -> None:
        """The same of what is lost."""
        try:
            with handing(self._receipt):
                self._sink.missing(missing)
        finally:
            self._receipt.release()
