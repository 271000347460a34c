"""What a board is not told to forget yet: readings that it lost, until that is told and safe."""

from collections import deque
from dataclasses import dataclass

from drivers.receipt import Receipt
from drivers.stream.sensorline.boot_record import BootRecord
from drivers.stream.sensorline.losses import Loss


@dataclass(slots=True, eq=False)
class _Telling:
    record: BootRecord
    loss: Loss
    left: int  # channels that are told of it, and have not let go of their receipts


class Tellings:
    """Its receipts are for any thread; the rest for the one that reads."""

    def __init__(self) -> None:
        # A note of each receipt, until it is looked at: a boot's losses are told once in 10 s.
        self._safe: deque[_Telling] = deque()

    def receipts(self, identity: str, record: BootRecord, loss: Loss, channels: int) -> list[Receipt]:
        """One for each of so many channels that are told of it: while somebody holds one, the board goes on
        saying what it lost. They have numbers of their own, as each is of another event."""
        telling = _Telling(record, loss, channels)
        if not channels:
            record.told(loss)

        def tell(_receipt: Receipt, _safe: bool) -> None:
            self._safe.append(telling)

        return [Receipt(identity, record.boot, loss.first + at, tell) for at in range(channels)]

    def look(self) -> None:
        """Note what is safe by now. What somebody had no room for counts, too: it is told once."""
        while self._safe:
            telling = self._safe.popleft()
            telling.left -= 1
            if not telling.left:
                telling.record.told(telling.loss)
