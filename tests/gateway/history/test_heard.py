"""What was heard, from the mailbox to the disk, and who keeps a reading of it."""

from collections import deque

from gateway.encoding import event_body
from gateway.event_id import EventId
from gateway.history.heard import Heard
from gateway.mailbox import Mailbox, Noted
from tests.support.fake_machine import RunningMachine, StagedClock
from tests.support.receipts import Kept


class Watched(deque[Noted]):
    """The events of a mailbox at which somebody looks as soon as one has come."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self._heard = heard

    def append(self, noted: Noted) -> None:
        super().append(noted)
        self._heard.unwritten()


def test_one_that_is_seen_after_the_end() -> None:
    """It is to be sent again, also where somebody who only looks has taken it out of the mailbox first."""
    mailbox, device = Mailbox(keeps=True), Kept()
    heard = Heard(mailbox, StagedClock(RunningMachine(), override="set"))
    heard.give_up()
    mailbox._events = Watched(heard)
    for seq, data in enumerate((5, {"value": 1.0, "unit": "", "time": "now", "quality": []})):
        receipt = device.receipt(seq)
        body = event_body(data, 1e9)
        mailbox.put(Noted("temp", "#changed", body, 1e9, 1.0, True, EventId(1, seq), receipt))
        receipt.release()
    assert (device.safe, device.lost) == ([], [0, 1])
